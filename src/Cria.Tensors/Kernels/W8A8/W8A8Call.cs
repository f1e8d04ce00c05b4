using System.Runtime.InteropServices;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>
/// The arguments of one call of an assembled kernel: panels of 16 or 32 rows × tiles of tokens × up to a stretch of columns, added to y. It is read by offset, so the order of fields is fixed; <see cref="X"/> and <see cref="Y"/> move on with each tile.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct W8A8Call
{
    /// <summary>Weights [column / n, row, n], unpacked as the kernel reads them; a second panel of 16 rows lies a full panel behind.</summary>
    public byte* Panel;

    /// <summary>Activations of the tile [column / n, token, n].</summary>
    public sbyte* X;

    /// <summary>Sums [token, row]: row 0 of the panel, token 0 of the tile.</summary>
    public int* Y;

    /// <summary>Bytes from token to token in <see cref="Y"/>.</summary>
    public long YTokenBytes;

    /// <summary>Blocks of 32 columns.</summary>
    public long Blocks;

    /// <summary>Bytes from a tile's activations to the next one's.</summary>
    public long NextX;

    /// <summary>Panels, or pairs of them, that each tile is multiplied with.</summary>
    public long Panels;

    /// <summary>Tiles: none but the last of all may have fewer tokens than the kernel's.</summary>
    public long Tiles;
}
