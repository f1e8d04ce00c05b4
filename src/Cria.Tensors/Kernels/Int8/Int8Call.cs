using System.Runtime.InteropServices;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// The arguments of one int8 kernel call: 16 or 32 rows × tiles of tokens × up to 512 columns, added to y. Assembled kernels read it by offset, so the order of fields is fixed.
/// A second panel of 16 rows lies <see cref="NextPanel"/> bytes behind the first, its scales and minimums <see cref="ScaleStride"/> bytes behind the first's.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Int8Call
{
    /// <summary>Most columns of a call.</summary>
    public const int MaxColumns = 512;

    /// <summary>Bytes of a 16-row panel at its largest.</summary>
    public const int PanelStride = Unpack.Unpacker.PanelRows * MaxColumns;

    /// <summary>Bytes of its scales at their most: one each 16 columns.</summary>
    public const int ScaleStride = MaxColumns / 16 * Unpack.Unpacker.PanelRows * sizeof(float);

    /// <summary>Unpacked weights, or rows as they are stored.</summary>
    public byte* Panel;

    /// <summary>Weight scales [group, 16].</summary>
    public float* Scales;

    /// <summary>Weight minimums [group, 16].</summary>
    public float* Minimums;

    /// <summary>Activations of a tile: [block, token, 32].</summary>
    public sbyte* X;

    /// <summary>Their scales [block, token].</summary>
    public float* XScales;

    /// <summary>What each integer sum starts from, −zero · Σx of the group: [group, token]; read by kernels of unsigned panels when the format's zero is not 0.</summary>
    public int* Starts;

    /// <summary>scale · Σx of each group [group, token]; read for formats with minimums.</summary>
    public float* XSums;

    /// <summary>Results [token, row]: row 0 of the panel, token 0 of the tile.</summary>
    public float* Y;

    /// <summary>Bytes from token to token in <see cref="Y"/>.</summary>
    public long YTokenBytes;

    /// <summary>Blocks of 32 columns.</summary>
    public long Blocks;

    /// <summary>Bytes from a tile's activations to the next one's.</summary>
    public long NextX;

    /// <summary>Bytes from a tile's scales to the next one's.</summary>
    public long NextXScales;

    /// <summary>Bytes from a tile's starts and sums to the next one's.</summary>
    public long NextGroups;

    /// <summary>Bytes from panel to panel.</summary>
    public long NextPanel;

    /// <summary>Bytes from a stored row to what will be read next, which is asked for while the first tile is multiplied.</summary>
    public long RowsAhead;

    /// <summary>Tiles that assembled kernels take in one call, all of the same number of tokens.</summary>
    public long Tiles;

    /// <summary>Goes on to the next tile.</summary>
    public void GoOn(int tileTokens)
    {
        X += NextX;
        XScales = (float*)((byte*)XScales + NextXScales);
        Starts = (int*)((byte*)Starts + NextGroups);
        XSums = (float*)((byte*)XSums + NextGroups);
        Y = (float*)((byte*)Y + tileTokens * YTokenBytes);
    }
}
