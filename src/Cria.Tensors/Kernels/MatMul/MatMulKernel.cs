namespace Cria.Tensors.Kernels.MatMul;

/// <summary>The product of one weight format on one CPU level: which form of activations it reads, and the loop over a stretch of rows.</summary>
internal abstract unsafe class MatMulKernel
{
    /// <summary>The form of activations this kernel reads.</summary>
    public abstract MatMulForm Form { get; }

    /// <summary>
    /// Computes panels <paramref name="firstPanel"/> … <paramref name="firstPanel"/> + <paramref name="panels"/> − 1 of y = x · wᵀ for all tokens.
    /// </summary>
    public abstract void Run(CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* y, byte* scratch);
}
