using Cria.Tensors;

namespace Cria.Packing;

/// <summary>How much of a model is stored in one type.</summary>
/// <param name="Type">The type.</param>
/// <param name="TensorCount">Tensors of that type.</param>
/// <param name="ParameterCount">Their parameters.</param>
/// <param name="ByteCount">Their bytes.</param>
public sealed record WeightTypeShare(TensorType Type, int TensorCount, long ParameterCount, long ByteCount)
{
    /// <summary>Bits a parameter takes, scales included.</summary>
    public double BitsPerParameter => 8.0 * ByteCount / Math.Max(1, ParameterCount);
}
