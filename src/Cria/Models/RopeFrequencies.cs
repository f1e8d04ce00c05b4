namespace Cria.Models;

/// <summary>The inverse frequencies of rotary embeddings, in double: an angle is position · frequency, and in single precision it is off by 0.1 rad near position 4M.</summary>
public sealed class RopeFrequencies
{
    private RopeFrequencies(double[] inverse, double magnitude)
    {
        Inverse = inverse;
        Magnitude = magnitude;
    }

    /// <summary>One frequency a pair: [headSize / 2], radians a position.</summary>
    public IReadOnlyList<double> Inverse { get; }

    /// <summary>Factor on cosine and sine (YaRN; otherwise 1).</summary>
    public double Magnitude { get; }

    internal double[] Values => (double[])Inverse;

    /// <summary>
    /// Frequencies for heads of <paramref name="headSize"/> features. <paramref name="divisors"/>, when a file carries them (<c>rope_freqs.weight</c>),
    /// divide each frequency and hold the file's own scaling.
    /// </summary>
    public static RopeFrequencies Create(int headSize, double theta, RopeScaling scaling, ReadOnlySpan<float> divisors = default)
    {
        int pairs = headSize / 2;
        if (!divisors.IsEmpty && divisors.Length != pairs) throw new ArgumentException($"{divisors.Length} divisors for {pairs} pairs", nameof(divisors));
        if (scaling.Rule == RopeRule.Ntk) theta *= Math.Pow(scaling.Factor, headSize / (headSize - 2.0));
        var inverse = new double[pairs];
        for (int i = 0; i < pairs; i++)
        {
            double frequency = Math.Pow(theta, -2.0 * i / headSize);
            inverse[i] = scaling.Rule switch
            {
                RopeRule.Linear => frequency / scaling.Factor,
                RopeRule.Llama3 => Llama3(frequency, scaling),
                RopeRule.Yarn => Yarn(frequency, i, headSize, theta, scaling),
                _ => frequency,
            };
            if (!divisors.IsEmpty) inverse[i] /= divisors[i];
        }
        double magnitude = scaling.Rule == RopeRule.Yarn ? scaling.AttentionFactor ?? YarnMagnitude(scaling.Factor) : 1;
        return new RopeFrequencies(inverse, magnitude);
    }

    private static double YarnMagnitude(double factor) => factor <= 1 ? 1 : 0.1 * Math.Log(factor) + 1;

    private static double Llama3(double frequency, RopeScaling scaling)
    {
        double wavelength = 2 * Math.PI / frequency;
        double longest = scaling.OriginalContext / scaling.LowFrequencyFactor;
        double shortest = scaling.OriginalContext / scaling.HighFrequencyFactor;
        if (wavelength < shortest) return frequency;
        if (wavelength > longest) return frequency / scaling.Factor;
        double smooth = (scaling.OriginalContext / wavelength - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return (1 - smooth) * frequency / scaling.Factor + smooth * frequency;
    }

    private static double Yarn(double frequency, int pair, int headSize, double theta, RopeScaling scaling)
    {
        // The pair that turns `turns` times over the trained context.
        double PairOf(double turns) => headSize * Math.Log(scaling.OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
        double low = Math.Max(Math.Floor(PairOf(scaling.BetaFast)), 0);
        double high = Math.Min(Math.Ceiling(PairOf(scaling.BetaSlow)), headSize - 1);
        double ramp = Math.Clamp((pair - low) / Math.Max(high - low, 0.001), 0, 1);
        return frequency / scaling.Factor * ramp + frequency * (1 - ramp);
    }
}
