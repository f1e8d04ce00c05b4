using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Attention;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Backends;

/// <summary>How keys and values are kept: F32, F16, I16, I8, Q8_0 or Q4_0 each. A single type stands for both.</summary>
/// <param name="Keys">Type of the keys.</param>
/// <param name="Values">Type of the values.</param>
public readonly record struct KvTypes(TensorType Keys, TensorType Values)
{
    /// <summary>What is used where nothing is said: I16 where the processor multiplies pairs of 16-bit integers, as those with AVX2 do, else F16. Both take 16 bits and lose equally little.</summary>
    public static KvTypes Default { get; } = Cpu.Highest >= CpuLevel.Avx2 ? TensorType.I16 : TensorType.F16;

    /// <summary>The types there are, largest first.</summary>
    public static IReadOnlyList<TensorType> Known { get; } = [TensorType.F32, TensorType.I16, TensorType.F16, TensorType.I8, TensorType.Q8_0, TensorType.Q4_0];

    /// <summary>The same type for keys and values.</summary>
    public static implicit operator KvTypes(TensorType type) => new(type, type);

    /// <summary>Throws <see cref="CriaException"/> when heads of <paramref name="headSize"/> features cannot be kept so.</summary>
    public void Check(int headSize)
    {
        Check(Keys, headSize, "keys");
        Check(Values, headSize, "values");
    }

    /// <inheritdoc/>
    public override string ToString() => Keys == Values ? Keys.ToString() : $"{Keys}/{Values}";

    /// <summary>True when the type has few bits. Such heads are rotated before they are rounded, so that no single feature spoils its block.</summary>
    internal static bool IsRotated(TensorType type) => type is TensorType.I8 or TensorType.Q8_0 or TensorType.Q4_0;

    /// <summary>True when heads of <paramref name="headSize"/> features can be kept as a type.</summary>
    public static bool Fits(TensorType type, int headSize) => KvIntegers.IsFor(type) || headSize % BlockFormat.Of(type).BlockSize == 0;

    /// <summary>Bytes of one head's keys or values at one position.</summary>
    internal static long RowBytes(TensorType type, int headSize) => KvIntegers.IsFor(type) ? KvIntegers.RowBytes(type, headSize) : BlockFormat.Of(type).RowBytes(headSize);

    private static void Check(TensorType type, int headSize, string what)
    {
        if (!Known.Contains(type)) throw new CriaException($"cached {what} cannot be kept as {type}; choose {string.Join(", ", Known.SkipLast(1))} or {Known[^1]}");
        if (!Fits(type, headSize)) throw new CriaException($"cached {what} cannot be kept as {type}: this model's heads have {headSize} features, and its blocks hold {BlockFormat.Of(type).BlockSize}; choose F16 or F32");
    }
}
