using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Gemm;

/// <summary>Arguments of one tile: c [8, 32] (+)= a [8, count] · b [count, 32]. The assembled kernel reads them by offset.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GemmTile
{
    /// <summary>Left factor, in units of 32 bits: a float, or the two bfloat16 of consecutive columns.</summary>
    public float* A;

    /// <summary>Bytes from row to row of A.</summary>
    public long ARowBytes;

    /// <summary>Bytes from unit to unit of A.</summary>
    public long AUnitBytes;

    /// <summary>Right factor [count, 32], in the same units.</summary>
    public float* B;

    /// <summary>Units of the inner dimension, at least one.</summary>
    public long Count;

    /// <summary>Result.</summary>
    public float* C;

    /// <summary>Bytes from row to row of C.</summary>
    public long CRowBytes;
}

/// <summary>The innermost product of packed factors: 8 rows × 32 columns. Each result is one chain of fused multiply-adds in order of the inner dimension.</summary>
internal abstract unsafe class GemmKernel
{
    /// <summary>Rows of a tile.</summary>
    public const int Rows = 8;

    /// <summary>Columns of a tile.</summary>
    public const int Columns = 32;

    /// <summary>True when a unit is a pair of bfloat16.</summary>
    public virtual bool IsBrain => false;

    /// <summary>Computes one tile, starting from what is in C or from zero.</summary>
    public abstract void Run(in GemmTile tile, bool accumulate);

    /// <summary>The kernel of a level; with <paramref name="brain"/> the one that rounds factors to bfloat16, where the processor has such products.</summary>
    public static GemmKernel For(CpuLevel level, bool brain) => level switch
    {
        CpuLevel.Portable => new LaneGemmKernel<Lanes128>(),
        CpuLevel.Avx2 => ExecutableMemory.IsAvailable ? new Avx2GemmKernel() : new LaneGemmKernel<Lanes256>(),
        CpuLevel.Avx512 => new LaneGemmKernel<Lanes512>(),
        _ => brain && AssembledGemmKernel.HasBrainProducts ? new AssembledGemmKernel(brain: true) : new AssembledGemmKernel(brain: false),
    };
}
