using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q5_K"/>, sixteen rows at once.</summary>
internal sealed unsafe class Avx512Q5_K() : Unpacker(groupSize: 32, zero: 0, hasMinimum: true)
{
    public override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        for (int i = 0; i < columns / 256; i++)
        {
            Prefetch(ahead, 176 * PanelRows);
            ahead += 176 * PanelRows;
            Block(blocks, (nint)rowBytes, panel, scales, minimums);
            blocks += 176;
            panel += 256 * PanelRows;
            scales += 8 * PanelRows;
            minimums += 8 * PanelRows;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(byte* block, nint rowBytes, byte* panel, float* scales, float* minimums)
    {
        Avx512SixBitPairs.Store(block, rowBytes, scales, minimums);
        for (int half = 0; half < 2; half++, panel += 16 * PanelRows)
        {
            byte* at = block + 48 + half * 16;
            Avx512Rows.Turn(block + 16 + half * 16, rowBytes, out Vector512<byte> f0, out Vector512<byte> f1, out Vector512<byte> f2, out Vector512<byte> f3);
            // Bit g of the fifth bits belongs to group g: the first run takes bits 0 and 1, and each run shifts the next two down.
            for (byte* to = panel; to < panel + 256 * PanelRows; to += 64 * PanelRows, at += 32)
            {
                Avx512Rows.Turn(at, rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3);
                Store(v0, f0, to);
                Store(v1, f1, to + 64);
                Store(v2, f2, to + 128);
                Store(v3, f3, to + 192);
                f0 = Avx512Rows.Right(f0, 2);
                f1 = Avx512Rows.Right(f1, 2);
                f2 = Avx512Rows.Right(f2, 2);
                f3 = Avx512Rows.Right(f3, 2);
            }
        }
    }

    /// <summary>Four columns of one group (low halves, bit 0) and of the next (high halves, bit 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<byte> quants, Vector512<byte> fifth, byte* panel)
    {
        Vector512<byte> sixteen = Vector512.Create((byte)16);
        (Avx512Rows.LowNibbles(quants) | (Avx512Rows.Left(fifth, 4) & sixteen)).Store(panel);
        (Avx512Rows.HighNibbles(quants) | (Avx512Rows.Left(fifth, 3) & sixteen)).Store(panel + 32 * PanelRows);
    }
}
