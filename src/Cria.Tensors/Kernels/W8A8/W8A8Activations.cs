using Cria.Tensors.Kernels.MatMul;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>
/// Rows of activations rounded to 8 bits, one scale a token: x ≈ scale · number, numbers −127 … 127. They are kept as numbers of 16 bits, which is what processors
/// multiply exactly, in stretches of <see cref="StretchColumns"/> columns: [stretch, token, column], so that all tokens of a stretch lie together.
/// Kernels that multiply a whole tile of tokens at a time get them in tiles instead: bytes [stretch, tile, column / 4, token, 4] or numbers of 16 bits [stretch, tile, column / 2, token, 2];
/// a last, partly filled tile has the full stride. Stretches: <see cref="StretchOrder"/>.
/// </summary>
internal unsafe struct W8A8Activations
{
    /// <summary>Columns of a stretch; every token has room for whole stretches.</summary>
    public const int StretchColumns = 512;

    /// <summary>Tokens in all.</summary>
    public int Tokens;

    /// <summary>Columns: a multiple of 32.</summary>
    public int Columns;

    /// <summary>Numbers of 16 bits; null when the kernel reads tiles.</summary>
    public short* Values;

    /// <summary>Scale of each token.</summary>
    public float* Scales;

    /// <summary>Tokens of a tile; 0 when there are no tiles.</summary>
    public int TileTokens;

    /// <summary>Columns whose numbers stand together: 4 bytes, or 2 numbers of 16 bits.</summary>
    public int TileColumns;

    /// <summary>Columns of a stretch of tiles.</summary>
    public int TileStretch;

    /// <summary>The tiles; null when no kernel asks for them.</summary>
    public sbyte* Tiles;

    /// <summary>Sum of each token's numbers; null when there are no tiles.</summary>
    public int* Sums;

    /// <summary>Columns a token has room for.</summary>
    public static int PaddedColumns(int columns) => (columns + StretchColumns - 1) / StretchColumns * StretchColumns;

    /// <summary>The place of a column of a tile that is a multiple of <see cref="TileColumns"/>: what its first token has there, beside which the other tokens' lies.</summary>
    public readonly int* InTile(int tile, int column)
    {
        int tiles = (Tokens + TileTokens - 1) / TileTokens;
        return (int*)Tiles + StretchOrder.Place(tiles, tile, column / TileColumns, Columns / TileColumns, TileStretch / TileColumns) * TileTokens;
    }

    /// <summary>A token's numbers from a column on, which begins a stretch.</summary>
    public readonly short* At(int token, int column) => Values + (long)column * Tokens + (long)token * StretchColumns;
}
