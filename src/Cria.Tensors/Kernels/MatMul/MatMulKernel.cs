using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>The product of one weight format on one CPU level: which form of activations it reads, and the loop over a stretch of rows.</summary>
internal abstract unsafe class MatMulKernel
{
    /// <summary>The form of activations this kernel reads.</summary>
    public abstract MatMulForm Form { get; }

    /// <summary>Most columns of a weight.</summary>
    public virtual int MaxColumns => int.MaxValue;

    /// <summary>True when one token is faster over rows that lie side by side (<see cref="Quantization.InterleavedRows"/>), which this kernel then reads as well as others.</summary>
    public virtual bool WantsInterleaved => false;

    /// <summary>16-row panels of a piece of work; a kernel takes two at a time.</summary>
    public const int PiecePanels = 4;

    /// <summary>Rows of a piece's result tile.</summary>
    public const int TileRows = PiecePanels * 16;

    /// <summary>Floats of a tile: of several tokens each has <see cref="TileRows"/>, one has those of all panels.</summary>
    public static int TileFloats(int tokens, int panels) => tokens == 1 ? 16 * panels : tokens * TileRows;

    /// <summary>
    /// Computes up to <see cref="PiecePanels"/> panels of x · wᵀ, or for one token any number, from <paramref name="firstPanel"/> on, for all tokens, into <paramref name="tile"/>
    /// [tokens, <see cref="TileRows"/>]. Rows of the result itself lie a page apart, and going back to them for every stretch of columns would miss the caches.
    /// </summary>
    public abstract void Run(CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* tile, byte* scratch);

    /// <summary>Copies the real rows of a finished tile to y [tokens, weight.Rows].</summary>
    public static void CopyOut(float* tile, CpuWeight weight, int firstPanel, int panels, int tokens, float* y)
    {
        int row = firstPanel * 16, rows = Math.Min(panels * 16, weight.Rows - row);
        for (int token = 0; token < tokens; token++)
        {
            float* source = tile + (long)token * TileRows, target = y + (long)token * weight.Rows + row;
            if (rows == TileRows)
            {
                for (int i = 0; i < TileRows; i += 16) Vector512.Load(source + i).Store(target + i);
            }
            else new Span<float>(source, rows).CopyTo(new Span<float>(target, rows));
        }
    }
}
