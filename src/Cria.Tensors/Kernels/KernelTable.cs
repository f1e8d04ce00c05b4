using System.Collections.Concurrent;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Direct;
using Cria.Tensors.Kernels.Int8;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Kernels.Unpack;
using Cria.Tensors.Kernels.W8A8;
using Iced.Intel;

namespace Cria.Tensors.Kernels;

/// <summary>The one place where kernels are chosen: read it to know what exists. A choice is made once a weight, never inside a loop.</summary>
internal static class KernelTable
{
    private static readonly ConcurrentDictionary<(TensorType, CpuLevel), MatMulKernel> Products = new();

    /// <summary>The matrix product of a weight type on a CPU level: one for the process, since assembled code stays where it was placed.</summary>
    public static MatMulKernel MatMul(TensorType type, CpuLevel level) => Products.GetOrAdd((type, level), static key => New(key.Item1, key.Item2));

    private static MatMulKernel New(TensorType type, CpuLevel level) => type switch
    {
        TensorType.F32 or TensorType.F16 or TensorType.BF16 => level switch
        {
            CpuLevel.Portable => new FloatMatMul<Lanes128>(),
            CpuLevel.Avx2 => new FloatMatMul<Lanes256>(DirectFloat(type, level)),
            _ => new FloatMatMul<Lanes512>(DirectFloat(type, level)),
        },
        TensorType.I8 => new W8A8MatMul(W8A8(level)),
        _ => Quantized(type, level, Int8(level)),
    };

    private static QuantizedMatMul Quantized(TensorType type, CpuLevel level, Int8Kernel product) =>
        new(UnpackTable.For(type, level), UnpackTable.Interleaved(type, level), product, Direct(type, level, product.TileTokens));

    /// <summary>The int8 product of a CPU level, for weights with one scale a row.</summary>
    public static W8A8Kernel W8A8(CpuLevel level) => level switch
    {
        CpuLevel.Vnni => new VnniW8A8Kernel(),
        CpuLevel.Avx512 => new VectorW8A8Kernel<W8A8Lanes512>(),
        CpuLevel.Avx2 when ExecutableMemory.IsAvailable && !AvxVnni.IsSupported => new Avx2W8A8Kernel(),
        CpuLevel.Avx2 => new VectorW8A8Kernel<W8A8Lanes256>(),
        _ => new VectorW8A8Kernel<W8A8Lanes128>(),
    };

    /// <summary>The product of one token without a panel, where it is faster than with one; null elsewhere.</summary>
    /// <param name="type">The weights' type.</param>
    /// <param name="level">A CPU level.</param>
    /// <param name="tile">Tokens of the activations' tiles.</param>
    public static DirectProduct? Direct(TensorType type, CpuLevel level, int tile)
    {
        if (!HasDirect(level)) return null;
        bool vnni = level == CpuLevel.Vnni;
        return type switch
        {
            TensorType.Q4_0 => Of(Avx2Direct.Q4_0, VnniDirect.Q4_0, hasStarts: true),
            TensorType.Q8_0 => Of(Avx2Direct.Q8_0, VnniDirect.Q8_0, hasStarts: vnni),
            TensorType.Q4_K => Of(Avx2Direct.Q4_K, VnniDirect.Q4_K, hasStarts: false),
            TensorType.Q6_K => Of(Avx2Direct.Q6_K, VnniDirect.Q6_K, hasStarts: true),
            _ => null,
        };

        // Rows one after another are read so for some tokens at most, until weights are moved.
        DirectProduct Of(Func<DirectRows, int, Assembler> byAvx2, Func<DirectRows, int, Assembler> byVnni, bool hasStarts) =>
            new(rows => (vnni && rows != DirectRows.Apart ? byVnni : byAvx2)(rows, tile), hasStarts);
    }

    /// <summary>The product of few tokens with floats without a panel; null where there is none.</summary>
    private static DirectFloatProduct? DirectFloat(TensorType type, CpuLevel level) => HasDirect(level) ? new DirectFloatProduct(type, asks: level != CpuLevel.Vnni) : null;

    /// <summary>True when this processor multiplies one token without a panel at a level. Conversions of halves are leaf 1, ECX bit 29.</summary>
    public static bool HasDirect(CpuLevel level) => level >= CpuLevel.Avx2 && ExecutableMemory.IsAvailable && (X86Base.CpuId(1, 0).Ecx & (1 << 29)) != 0;

    /// <summary>The int8 product of a CPU level, for weights with scales along the rows; which rows it multiplies without a panel, <see cref="Int8Kernel.ReadsStored"/> says.</summary>
    public static Int8Kernel Int8(CpuLevel level) => level switch
    {
        CpuLevel.Vnni => new VnniInt8Kernel(),
        CpuLevel.Avx512 => new VectorInt8Kernel<Int8Lanes512>(),
        CpuLevel.Avx2 when AvxVnni.IsSupported => new VectorInt8Kernel<Int8Lanes256Vnni>(),
        CpuLevel.Avx2 when ExecutableMemory.IsAvailable => new Avx2Int8Kernel(),
        CpuLevel.Avx2 => new VectorInt8Kernel<Int8Lanes256>(),
        _ => new VectorInt8Kernel<Int8Lanes128>(),
    };
}
