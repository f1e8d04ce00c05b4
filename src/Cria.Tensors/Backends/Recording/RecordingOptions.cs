namespace Cria.Tensors.Backends.Recording;

/// <summary>How a <see cref="RecordingBackend"/> computes.</summary>
public sealed record RecordingOptions
{
    /// <summary>Threads; 0: one a physical core.</summary>
    public int Threads { get; init; }

    /// <summary>Rounds the factors of matrix products to bfloat16 where the processor multiplies those faster; sums stay floats.</summary>
    public bool RoundToBrain { get; init; }

    /// <summary>Which weights learn, by name.</summary>
    public Func<string, bool> IsTrained { get; init; } = _ => true;
}
