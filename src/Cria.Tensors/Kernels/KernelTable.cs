using System.Collections.Concurrent;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Direct;
using Cria.Tensors.Kernels.Int8;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Kernels.Unpack;
using Cria.Tensors.Kernels.W8A8;

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
            CpuLevel.Avx2 => new FloatMatMul<Lanes256>(HasAssembledAvx2(level) ? new DirectFloatProduct(type) : null),
            _ => new FloatMatMul<Lanes512>(),
        },
        TensorType.I8 => new W8A8MatMul(W8A8(level)),
        _ => new QuantizedMatMul(UnpackTable.For(type, level), UnpackTable.Interleaved(type, level), Int8(level), Direct(type, level)),
    };

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
    public static DirectProduct? Direct(TensorType type, CpuLevel level)
    {
        if (!HasDirect(level)) return null;
        return type switch
        {
            TensorType.Q4_0 => new DirectProduct(Avx2Direct.Q4_0, hasStarts: true),
            TensorType.Q8_0 => new DirectProduct(Avx2Direct.Q8_0, hasStarts: false),
            TensorType.Q4_K => new DirectProduct(Avx2Direct.Q4_K, hasStarts: false),
            TensorType.Q6_K => new DirectProduct(Avx2Direct.Q6_K, hasStarts: true),
            _ => null,
        };
    }

    /// <summary>True when this processor multiplies one token of quantized weights without a panel at a level.</summary>
    public static bool HasDirect(CpuLevel level) => HasAssembledAvx2(level) && !AvxVnni.IsSupported;

    /// <summary>With conversions of halves: leaf 1, ECX bit 29.</summary>
    private static bool HasAssembledAvx2(CpuLevel level) => level == CpuLevel.Avx2 && ExecutableMemory.IsAvailable && (X86Base.CpuId(1, 0).Ecx & (1 << 29)) != 0;

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
