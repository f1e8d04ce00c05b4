using Cria.Tensors.Kernels.MatMul;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>
/// The product of 8-bit weights and 8-bit activations of one CPU level, where a scale stands for a whole row and a whole token: nothing but sums of integers,
/// which are exact in any order, so every level gets the same.
/// </summary>
internal abstract unsafe class W8A8Kernel
{
    /// <summary>Most columns: sums of −128 · 127 stay within 32 bits.</summary>
    public const int MaxColumns = 1 << 17;

    /// <summary>Tokens of a tile, or 0 when the kernel reads no tiles.</summary>
    public virtual int TileTokens => 0;

    /// <summary>Columns of a stretch of tiles.</summary>
    public virtual int TileStretch => 0;

    /// <summary>True when so many tokens are read in tiles, and not as numbers of 16 bits along each row.</summary>
    public virtual bool ReadsTiles(int tokens) => false;

    /// <summary>Columns whose numbers stand together in a tile: 4 bytes, or 2 numbers of 16 bits.</summary>
    public virtual int TileColumns => 4;

    /// <summary>Scratch memory a worker needs.</summary>
    public const int ScratchBytes = 32 << 10;

    /// <summary>
    /// Σ w·x over all columns, for up to <see cref="MatMulKernel.PiecePanels"/> panels of 16 rows from <paramref name="firstPanel"/> on and all tokens:
    /// <paramref name="sums"/> [tokens, <see cref="MatMulKernel.TileRows"/>].
    /// </summary>
    public abstract void Run(CpuWeight weight, int firstPanel, int panels, in W8A8Activations x, int* sums, byte* scratch);
}
