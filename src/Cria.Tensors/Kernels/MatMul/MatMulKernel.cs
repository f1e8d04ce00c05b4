namespace Cria.Tensors.Kernels.MatMul;

/// <summary>The product of one weight format on one CPU level: which form of activations it reads, and the loop over a stretch of rows.</summary>
internal abstract unsafe class MatMulKernel
{
    /// <summary>The form of activations this kernel reads.</summary>
    public abstract MatMulForm Form { get; }

    /// <summary>Rows of a result tile: two panels.</summary>
    public const int TileRows = 32;

    /// <summary>
    /// Computes panels <paramref name="firstPanel"/> … <paramref name="firstPanel"/> + <paramref name="panels"/> − 1 of y = x · wᵀ for all tokens.
    /// <paramref name="tile"/> [tokens, 32] is where sums gather before they are copied out: rows of y lie a page apart, and going back to them for every
    /// stretch of columns would miss the caches.
    /// </summary>
    public abstract void Run(CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* y, byte* scratch, float* tile);

    /// <summary>Copies the real rows of a finished tile to y [tokens, weight.Rows].</summary>
    protected static void CopyOut(float* tile, CpuWeight weight, int panel, int panels, int tokens, float* y)
    {
        int row = panel * 16, rows = Math.Min(panels * 16, weight.Rows - row);
        for (int token = 0; token < tokens; token++) new Span<float>(tile + token * TileRows, rows).CopyTo(new Span<float>(y + (long)token * weight.Rows + row, rows));
    }
}
