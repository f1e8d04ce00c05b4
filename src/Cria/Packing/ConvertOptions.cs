using Cria.Tensors;

namespace Cria.Packing;

/// <summary>What a user chooses about converting a model to another form.</summary>
public sealed record ConvertOptions
{
    /// <summary>The type of the matrices: F32, F16 or BF16; null keeps each as it is.</summary>
    public TensorType? Type { get; init; }

    /// <summary>Most bytes of weights in one file of a Hugging Face folder.</summary>
    public long ShardBytes { get; init; } = 5_000_000_000;

    /// <summary>Threads to convert with; 0 takes all cores.</summary>
    public int Threads { get; init; }
}
