namespace Cria.Models;

/// <summary>The rule that stretches rotary embeddings beyond the context a model was trained on.</summary>
public enum RopeRule
{
    /// <summary>Frequencies base^(−2i/d), as trained.</summary>
    None,
    /// <summary>Every frequency divided by the factor (position interpolation).</summary>
    Linear,
    /// <summary>NTK-aware: base · factor^(d/(d−2)).</summary>
    Ntk,
    /// <summary>YaRN, arXiv 2309.00071: high frequencies kept, low ones interpolated, a ramp between, and a larger attention magnitude.</summary>
    Yarn,
    /// <summary>Llama 3.1's rule: wavelengths beyond the trained context divided by the factor, a smooth step between.</summary>
    Llama3,
}

/// <summary>A rotary scaling rule with its settings.</summary>
/// <param name="Rule">Which rule.</param>
/// <param name="Factor">How many times the trained context.</param>
/// <param name="OriginalContext">The context the model was trained on, in tokens.</param>
public sealed record RopeScaling(RopeRule Rule, double Factor = 1, long OriginalContext = 8192)
{
    /// <summary>No scaling.</summary>
    public static RopeScaling None { get; } = new(RopeRule.None);

    /// <summary>Llama 3.1's low frequency factor: wavelengths above original / low are divided by the factor.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3.1's high frequency factor: wavelengths below original / high are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>YaRN's beta fast: dimensions that turn more often than this over the trained context are kept.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>YaRN's beta slow: dimensions that turn less often are interpolated.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>YaRN's attention factor, when the model names one; else 0.1 · ln(factor) + 1.</summary>
    public double? AttentionFactor { get; init; }
}
