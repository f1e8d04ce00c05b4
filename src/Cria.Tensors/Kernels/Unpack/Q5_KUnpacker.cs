using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q5_K"/>.</summary>
internal sealed unsafe class Q5_KUnpacker<T>() : SuperblockUnpacker<T>(blockBytes: 176, groupSize: 32, zero: 0, hasMinimum: true)
    where T : struct, IRows<T>
{
    protected override void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales, float* minimums)
    {
        SixBitPairRows.Store<T>(block, rowBytes, scales, minimums);
        for (int half = 0; half < 2; half++, panel += 16 * PanelRows)
        {
            byte* at = block + 48 + half * 16;
            T.Turn(block + 16 + half * 16, rowBytes, out T f0, out T f1, out T f2, out T f3);
            // Bit g of the fifth bits belongs to group g: the first run takes bits 0 and 1, and each run shifts the next two down.
            for (byte* to = panel; to < panel + 256 * PanelRows; to += 64 * PanelRows, at += 32)
            {
                T.Turn(at, rowBytes, out T v0, out T v1, out T v2, out T v3);
                Store(v0, f0, to);
                Store(v1, f1, to + 64);
                Store(v2, f2, to + 128);
                Store(v3, f3, to + 192);
                f0 = T.Right(f0, 2);
                f1 = T.Right(f1, 2);
                f2 = T.Right(f2, 2);
                f3 = T.Right(f3, 2);
            }
        }
    }

    /// <summary>Four columns of one group (low halves, bit 0) and of the next (high halves, bit 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T quants, T fifth, byte* panel)
    {
        T sixteen = T.Bytes(16);
        (Rows.LowNibbles(quants) | (T.Left(fifth, 4) & sixteen)).Store(panel);
        (Rows.HighNibbles(quants) | (T.Left(fifth, 3) & sixteen)).Store(panel + 32 * PanelRows);
    }
}
