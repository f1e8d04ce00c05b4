using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>
/// Takes 16 rows of a quantized matrix apart into the one form all int8 kernels read, a <i>panel</i>: for each 4 columns 64 bytes,
/// row r's four at 4·r. With it go one scale (and for some formats one minimum) a row for each <see cref="GroupSize"/> columns, so that
/// weight = scale · (byte − <see cref="Zero"/>) − minimum, exactly as <see cref="Quantization.BlockFormat.Decode"/> has it.
/// The stored layout is read where it lies: nothing is repacked in memory, and a panel lives in the first-level cache.
/// </summary>
internal abstract unsafe class Unpacker(int groupSize, int zero, bool hasMinimum, int largest = 0)
{
    /// <summary>Rows of a panel.</summary>
    public const int PanelRows = 16;

    /// <summary>Columns that share a scale: 16 or 32.</summary>
    public int GroupSize { get; } = groupSize;

    /// <summary>The byte that stands for zero: 0 to 128.</summary>
    public int Zero { get; } = zero;

    /// <summary>The largest unsigned byte: 3 to 255.</summary>
    public int Largest { get; } = largest != 0 ? largest : zero != 0 ? 2 * zero - 1 : 31;

    /// <summary>True when groups have a minimum.</summary>
    public bool HasMinimum { get; } = hasMinimum;

    /// <summary>
    /// Unpacks <paramref name="columns"/> columns (a multiple of the format's block size) of 16 rows.
    /// </summary>
    /// <param name="blocks">First block wanted of row 0; row r lies r · <paramref name="rowBytes"/> further. All 16 rows can be read.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="columns">Columns to unpack, 512 at most.</param>
    /// <param name="signed">True: bytes are value − <see cref="Zero"/> as signed; false: value as unsigned.</param>
    /// <param name="panel">16 · columns bytes, 64-byte aligned.</param>
    /// <param name="scales">[columns / GroupSize, 16] floats, 64-byte aligned.</param>
    /// <param name="minimums">[columns / GroupSize, 16] floats, 64-byte aligned; untouched without <see cref="HasMinimum"/>.</param>
    /// <param name="ahead">As many readable bytes as are unpacked, which the caller will want soon: they are asked for on the way. Sixteen rows are sixteen
    /// streams, which no hardware prefetcher follows, but taken in stored order they are one.</param>
    public abstract void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead);

    /// <summary>Asks for <paramref name="bytes"/> bytes to be brought near, and once more for what was asked for a while ago.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static void Prefetch(byte* ahead, int bytes)
    {
        // A core with all its miss buffers in use drops wishes. The second wish costs nothing where the first was granted.
        const int again = 16384;
        if (!Sse.IsSupported) return;
        for (int line = 0; line < bytes; line += 64)
        {
            Sse.Prefetch1(ahead + line);
            Sse.Prefetch1(ahead + line - again);
        }
    }
}
