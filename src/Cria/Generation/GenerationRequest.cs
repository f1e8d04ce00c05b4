namespace Cria.Generation;

/// <summary>What an engine is asked: token ids in, token ids out.</summary>
public sealed record GenerationRequest
{
    /// <summary>The tokens to continue, at least one.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>How tokens are chosen and when the answer ends.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Larger goes first, and may push smaller ones out.</summary>
    public int Priority { get; init; }

    /// <summary>The number of the adapter to answer with, from 1; 0 is none.</summary>
    public int Adapter { get; init; }

    /// <summary>Makes the constraint of one answer; null lets everything through.</summary>
    public Func<ITokenConstraint>? Constraint { get; init; }
}
