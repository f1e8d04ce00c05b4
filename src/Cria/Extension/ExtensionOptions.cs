namespace Cria.Extension;

/// <summary>What a user chooses about extending a model's context.</summary>
public sealed record ExtensionOptions
{
    /// <summary>The context to reach, in tokens.</summary>
    public required long Context { get; init; }

    /// <summary>The rule.</summary>
    public ExtensionRule Rule { get; init; } = ExtensionRule.DynamicNtk;

    /// <summary>
    /// The rule's factor: for <see cref="ExtensionRule.DynamicNtk"/> by default 4, as on the Gradient cards; for <see cref="ExtensionRule.Ntk"/> and the rules that stretch
    /// positions by default how many times the trained context the new one is. The critical base has none.
    /// </summary>
    public double? Factor { get; init; }

    /// <summary>Contexts to pass through, shortest first: the rule is applied once for each, from the base that the one before gave.</summary>
    public IReadOnlyList<long> Stages { get; init; } = [];

    /// <summary>The context the model was trained on, where its file does not say or says something else.</summary>
    public long? TrainedContext { get; init; }

    /// <summary>The base, for <see cref="ExtensionRule.Base"/>.</summary>
    public double? Theta { get; init; }

    /// <summary>Llama 3.1's low frequency factor.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3.1's high frequency factor.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>YaRN's beta fast.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>YaRN's beta slow.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>YaRN's attention factor; null is 0.1 · ln(factor) + 1.</summary>
    public double? AttentionFactor { get; init; }
}
