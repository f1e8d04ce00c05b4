namespace Cria.Server.Observation;

/// <summary>Counts of measured values by upper bound; durations are in seconds. Safe for concurrent use.</summary>
/// <param name="bounds">The upper bounds, rising; one more without bound is implied.</param>
internal sealed class Histogram(params double[] bounds)
{
    private readonly long[] counts = new long[bounds.Length + 1];
    private double sum;

    /// <summary>Counts a duration.</summary>
    public void Observe(TimeSpan duration) => Observe(duration.TotalSeconds);

    /// <summary>Counts a value.</summary>
    public void Observe(double value)
    {
        int bucket = Array.FindIndex(bounds, bound => value <= bound);
        Interlocked.Increment(ref counts[bucket < 0 ? bounds.Length : bucket]);
        double seen;
        do seen = Volatile.Read(ref sum);
        while (Interlocked.CompareExchange(ref sum, seen + value, seen) != seen);
    }

    /// <summary>All values together.</summary>
    public double Sum => Volatile.Read(ref sum);

    /// <summary>The upper bounds with how many values each and all below it hold; the last bound is infinite.</summary>
    public IEnumerable<(double Bound, long Count)> Cumulative()
    {
        long count = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            count += Volatile.Read(ref counts[i]);
            yield return (i < bounds.Length ? bounds[i] : double.PositiveInfinity, count);
        }
    }

    /// <summary>The value that a share of all stays below, as far as the bounds tell; NaN while there are none.</summary>
    public double Quantile(double share)
    {
        (double Bound, long Count)[] all = [.. Cumulative()];
        double wanted = share * all[^1].Count, lower = 0;
        if (all[^1].Count == 0) return double.NaN;
        long below = 0;
        foreach ((double bound, long count) in all)
        {
            if (count >= wanted && count > below) return double.IsPositiveInfinity(bound) ? lower : lower + (bound - lower) * (wanted - below) / (count - below);
            (lower, below) = (bound, count);
        }
        return lower;
    }
}
