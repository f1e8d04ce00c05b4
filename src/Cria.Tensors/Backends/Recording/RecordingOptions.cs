namespace Cria.Tensors.Backends.Recording;

/// <summary>How a <see cref="RecordingBackend"/> computes.</summary>
public sealed record RecordingOptions
{
    /// <summary>Threads; 0: one a physical core.</summary>
    public int Threads { get; init; }

    /// <summary>Rounds the factors of matrix products to bfloat16 where the processor multiplies those faster; sums stay floats.</summary>
    public bool RoundToBrain { get; init; }

    /// <summary>
    /// Keeps only sums of the residual stream, two a layer, and computes what lies between them again on the way back: a third more work, an eighth of the memory.
    /// The gradients are the same, bit for bit.
    /// </summary>
    public bool Recompute { get; init; }

    /// <summary>The ranks that share each sequence, where there are several.</summary>
    public ISequenceRanks? Ranks { get; init; }

    /// <summary>Which weights learn, by name.</summary>
    public Func<string, bool> IsTrained { get; init; } = _ => true;
}
