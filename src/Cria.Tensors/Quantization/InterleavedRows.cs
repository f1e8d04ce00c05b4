using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Quantization;

/// <summary>
/// Sixteen rows side by side: what is one byte of a row's block is sixteen bytes of the group. Each 32-bit word of a block is followed by the same word of the other
/// rows, so that a vector register holds one word of several rows without turning anything; formats whose blocks are no whole number of words keep their F16 scale
/// apart, the sixteen of them in a row, and so do 16-bit floats, which are nothing else. The blocks of a group follow one another, and it is as long as its rows.
/// Blocks of <see cref="Q6_K"/> are first brought into another order (<see cref="PackedQ6_K"/>).
/// </summary>
internal static unsafe class InterleavedRows
{
    /// <summary>Rows of a group.</summary>
    public const int Count = 16;

    /// <summary>True for formats that can be stored so.</summary>
    public static bool Supports(BlockFormat format) => format.BlockBytes % 2 == 0 && !format.HasRowScales;

    /// <summary>The byte of a block where 16 bits stand apart from whole words: in front (blocks of up to 32 elements, and packed ones) or at the end; -1 where all are words.</summary>
    private static int HalfAt(BlockFormat format) => format.BlockBytes % 4 == 0 ? -1 : format.BlockSize <= 32 || IsPacked(format.Type) ? 0 : format.BlockBytes - 2;

    /// <summary>True for formats whose blocks are <see cref="PackedQ6_K"/>.</summary>
    public static bool IsPacked(TensorType type) => type == TensorType.Q6_K;

    /// <summary>Stores sixteen rows side by side.</summary>
    /// <param name="format">Their format.</param>
    /// <param name="rows">First block of the first row.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="blocks">Blocks of a row.</param>
    /// <param name="group">16 · blocks · bytes of a block.</param>
    public static void Interleave(BlockFormat format, byte* rows, long rowBytes, long blocks, byte* group) => Transfer(format, rows, rowBytes, blocks, group, toGroup: true);

    /// <summary>Undoes <see cref="Interleave"/>.</summary>
    public static void Restore(BlockFormat format, byte* group, long blocks, byte* rows, long rowBytes) => Transfer(format, rows, rowBytes, blocks, group, toGroup: false);

    /// <summary>Restores one row of a group.</summary>
    public static void RestoreRow(BlockFormat format, byte* group, int row, Span<byte> blocks)
    {
        int half = HalfAt(format), first = half == 0 ? 2 : 0, last = format.BlockBytes - (half > 0 ? 2 : 0);
        bool isPacked = IsPacked(format.Type);
        byte* packed = stackalloc byte[PackedQ6_K.BlockBytes];
        fixed (byte* start = blocks)
        {
            byte* to = start;
            for (int left = blocks.Length; left > 0; left -= format.BlockBytes, to += format.BlockBytes, group += Count * format.BlockBytes)
            {
                byte* block = isPacked ? packed : to;
                if (half >= 0) *(ushort*)(block + half) = ((ushort*)(group + (Count * half)))[row];
                for (int at = first; at < last; at += 4) *(uint*)(block + at) = ((uint*)(group + (Count * at)))[row];
                if (isPacked) PackedQ6_K.Unpack(packed, to);
            }
        }
    }

    /// <summary>Restores consecutive rows of a tensor whose whole groups lie side by side; the rows beyond the last one lie as they are.</summary>
    /// <param name="format">Its format.</param>
    /// <param name="data">First byte of the tensor.</param>
    /// <param name="rows">Rows of the tensor.</param>
    /// <param name="first">The first row wanted.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    /// <param name="bytes">Whole rows, one after another: as many as are wanted.</param>
    public static void RestoreRows(BlockFormat format, byte* data, long rows, long first, int rowBytes, Span<byte> bytes)
    {
        long grouped = rows / Count * Count, blocks = rowBytes / format.BlockBytes;
        fixed (byte* start = bytes)
        {
            for (long at = 0, count = bytes.Length / rowBytes; at < count;)
            {
                long row = first + at;
                byte* to = start + (at * rowBytes);
                if (row >= grouped)
                {
                    new ReadOnlySpan<byte>(data + (row * rowBytes), checked((int)((count - at) * rowBytes))).CopyTo(bytes[(int)(at * rowBytes)..]);
                    return;
                }
                byte* group = data + (row / Count * Count * rowBytes);
                if (row % Count == 0 && count - at >= Count)
                {
                    Restore(format, group, blocks, to, rowBytes);
                    at += Count;
                }
                else
                {
                    RestoreRow(format, group, (int)(row % Count), new Span<byte>(to, rowBytes));
                    at++;
                }
            }
        }
    }

    [SkipLocalsInit]
    private static void Transfer(BlockFormat format, byte* rows, long rowBytes, long blocks, byte* group, bool toGroup)
    {
        byte* packed = stackalloc byte[Count * PackedQ6_K.BlockBytes];
        bool isPacked = IsPacked(format.Type);
        for (long block = 0; block < blocks; block++, rows += format.BlockBytes, group += Count * format.BlockBytes)
        {
            if (!isPacked)
            {
                TransferBlock(format, rows, rowBytes, group, toGroup);
                continue;
            }
            for (int row = 0; toGroup && row < Count; row++) PackedQ6_K.Pack(rows + (row * rowBytes), packed + (row * PackedQ6_K.BlockBytes));
            TransferBlock(format, packed, PackedQ6_K.BlockBytes, group, toGroup);
            for (int row = 0; !toGroup && row < Count; row++) PackedQ6_K.Unpack(packed + (row * PackedQ6_K.BlockBytes), rows + (row * rowBytes));
        }
    }

    private static void TransferBlock(BlockFormat format, byte* rows, long rowBytes, byte* group, bool toGroup)
    {
        int half = HalfAt(format), first = half == 0 ? 2 : 0, last = format.BlockBytes - (half > 0 ? 2 : 0);
        for (int row = 0; row < Count; row++)
        {
            byte* plain = rows + (row * rowBytes);
            if (half >= 0)
            {
                ushort* stored = (ushort*)(group + (Count * half)) + row, own = (ushort*)(plain + half);
                if (toGroup) *stored = *own;
                else *own = *stored;
            }
            int at = first;
            for (; at + 16 <= last; at += 16)
            {
                if (row % 4 != 0) continue;
                byte* words = group + (Count * at) + (4 * row);
                if (toGroup) Turn(plain + at, (nint)rowBytes, words, 4 * Count);
                else Turn(words, 4 * Count, plain + at, (nint)rowBytes);
            }
            for (; at < last; at += 4)
            {
                uint* stored = (uint*)(group + (Count * at)) + row, own = (uint*)(plain + at);
                if (toGroup) *stored = *own;
                else *own = *stored;
            }
        }
    }

    /// <summary>Turns 4 × 4 words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(byte* from, nint fromStep, byte* to, nint toStep)
    {
        if (Sse2.IsSupported)
        {
            Vector128<uint> a = Vector128.Load((uint*)from), b = Vector128.Load((uint*)(from + fromStep));
            Vector128<uint> c = Vector128.Load((uint*)(from + (2 * fromStep))), d = Vector128.Load((uint*)(from + (3 * fromStep)));
            Vector128<ulong> lowAb = Sse2.UnpackLow(a, b).AsUInt64(), highAb = Sse2.UnpackHigh(a, b).AsUInt64();
            Vector128<ulong> lowCd = Sse2.UnpackLow(c, d).AsUInt64(), highCd = Sse2.UnpackHigh(c, d).AsUInt64();
            Sse2.UnpackLow(lowAb, lowCd).Store((ulong*)to);
            Sse2.UnpackHigh(lowAb, lowCd).Store((ulong*)(to + toStep));
            Sse2.UnpackLow(highAb, highCd).Store((ulong*)(to + (2 * toStep)));
            Sse2.UnpackHigh(highAb, highCd).Store((ulong*)(to + (3 * toStep)));
            return;
        }
        for (int row = 0; row < 4; row++)
        {
            for (int word = 0; word < 4; word++) ((uint*)(to + (word * toStep)))[row] = ((uint*)(from + (row * fromStep)))[word];
        }
    }
}
