namespace Cria.Evaluation;

/// <summary>How fast a test ran.</summary>
/// <param name="Tokens">Tokens of one run.</param>
/// <param name="Seconds">Time of each run after the warm-up, in the order they ran.</param>
/// <param name="Work">What a run asks of the machine.</param>
public sealed record ThroughputResult(int Tokens, IReadOnlyList<double> Seconds, ThroughputWork Work)
{
    /// <summary>Tokens a second of the median run.</summary>
    public double TokensPerSecond => Tokens / MedianSeconds;

    /// <summary>Standard deviation of the runs' tokens a second; 0 for a single run.</summary>
    public double Deviation
    {
        get
        {
            if (Seconds.Count < 2) return 0;
            double mean = Seconds.Average(seconds => Tokens / seconds);
            return Math.Sqrt(Seconds.Sum(seconds => Math.Pow(Tokens / seconds - mean, 2)) / (Seconds.Count - 1));
        }
    }

    private double MedianSeconds => Median(Seconds);

    /// <summary>The middle number, or what lies halfway between the middle two.</summary>
    public static double Median(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>What a run asks of the machine at the least.</summary>
/// <param name="MultiplyAdds">Products of weights and activations; attention's own are not counted.</param>
/// <param name="BytesRead">Bytes of weights, and of cached keys and values, that have to come from memory.</param>
public readonly record struct ThroughputWork(double MultiplyAdds, double BytesRead);
