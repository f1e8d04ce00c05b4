using System.Runtime.InteropServices;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>
/// The arguments of one direct product: groups of 16 rows × one token × all columns, added to y. Assembled code reads it by offset, so the order of fields is fixed.
/// Activations are those of <see cref="Int8.Int8Activations"/> with a tile of 4 tokens, of which the first is multiplied.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DirectCall
{
    /// <summary>First stored block of row 0; the groups' rows follow one another.</summary>
    public byte* Blocks;

    /// <summary>Bytes from row to row.</summary>
    public long RowBytes;

    /// <summary>Stored blocks of a row.</summary>
    public long Count;

    /// <summary>As many readable bytes as are multiplied, wanted soon: they are asked for on the way, except with <see cref="DirectRows.SideBySideOnce"/>.</summary>
    public byte* Ahead;

    /// <summary>Activations [block of 32, 4 tokens, 32].</summary>
    public sbyte* X;

    /// <summary>Their scales [block of 32, 4 tokens].</summary>
    public float* XScales;

    /// <summary>What each integer sum starts from [block of 32, 4 tokens], for formats whose <see cref="DirectProduct.HasStarts"/>.</summary>
    public int* Starts;

    /// <summary>scale · Σx [block of 32, 4 tokens], for formats with minimums.</summary>
    public float* XSums;

    /// <summary>16 results a group.</summary>
    public float* Y;

    /// <summary>Groups of 16 rows.</summary>
    public long Panels;
}
