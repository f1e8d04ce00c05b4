using Cria.Tensors.Kernels.MatMul;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// Rows of activations rounded to 8 bits, 32 columns to a scale: x ≈ scale · byte, bytes −127 … 127. Tokens lie in tiles of <see cref="TileTokens"/>, and blocks at their <see cref="Place"/>:
/// values [place, token, 32], scales [place, token], sums of each 16 columns [place, half, token]. A last, partly filled tile has the full stride.
/// </summary>
internal unsafe struct Int8Activations
{
    /// <summary>Columns of a block.</summary>
    public const int BlockSize = 32;

    /// <summary>Tokens of a tile.</summary>
    public int TileTokens;

    /// <summary>Tokens in all.</summary>
    public int Tokens;

    /// <summary>Columns: a multiple of 32.</summary>
    public int Columns;

    /// <summary>Signed bytes.</summary>
    public sbyte* Values;

    /// <summary>Scale of each token and block.</summary>
    public float* Scales;

    /// <summary>Sum of the bytes of each token and half block.</summary>
    public int* HalfSums;

    /// <summary>Blocks of a row.</summary>
    public readonly int Blocks => Columns / BlockSize;

    /// <summary>Number of tiles.</summary>
    public readonly int Tiles => (Tokens + TileTokens - 1) / TileTokens;

    /// <summary>Blocks before one of a tile: those of a kernel's call lie together (<see cref="StretchOrder"/>).</summary>
    public readonly long Place(int tile, int block) => StretchOrder.Place(Tiles, tile, block, Blocks, Int8Call.MaxColumns / BlockSize);
}
