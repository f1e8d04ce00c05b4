using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Int8;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Kernels.Unpack;

namespace Cria.Tensors.Kernels;

/// <summary>The one place where kernels are chosen: read it to know what exists. A choice is made once a weight, never inside a loop.</summary>
internal static class KernelTable
{
    /// <summary>The matrix product of a weight type on a CPU level.</summary>
    public static MatMulKernel MatMul(TensorType type, CpuLevel level) => type switch
    {
        TensorType.F32 or TensorType.F16 or TensorType.BF16 => level switch
        {
            CpuLevel.Portable => new FloatMatMul<Lanes128>(),
            CpuLevel.Avx2 => new FloatMatMul<Lanes256>(),
            _ => new FloatMatMul<Lanes512>(),
        },
        _ => new QuantizedMatMul(UnpackTable.For(type, level), Int8(level)),
    };

    /// <summary>The int8 product of a CPU level.</summary>
    public static Int8Kernel Int8(CpuLevel level) => level switch
    {
        CpuLevel.Vnni => new VnniInt8Kernel(),
        CpuLevel.Avx512 => new VectorInt8Kernel<Int8Lanes512>(),
        CpuLevel.Avx2 when AvxVnni.IsSupported => new VectorInt8Kernel<Int8Lanes256Vnni>(),
        CpuLevel.Avx2 => new VectorInt8Kernel<Int8Lanes256>(),
        _ => new VectorInt8Kernel<Int8Lanes128>(),
    };
}
