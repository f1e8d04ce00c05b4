using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q6_K"/>.</summary>
internal sealed unsafe class Q6_KUnpacker<T>() : SuperblockUnpacker<T>(blockBytes: 210, groupSize: 16, zero: 32, hasMinimum: false)
    where T : struct, IRows<T>
{
    [SkipLocalsInit]
    protected override void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales, float* minimums)
    {
        // The scale is copied before and read after the quants: a vector load right behind the small stores would wait for them.
        uint* heads = stackalloc uint[PanelRows];
        T.CopyHalf(block + 208, rowBytes, heads);
        byte zero = (byte)(signed ? Zero : 0);
        for (int run = 0; run < 2; run++)
        {
            byte* low = block + run * 64, high = block + 128 + run * 32, to = panel + run * 128 * PanelRows;
            Sixteen(low, high, rowBytes, zero, to);
            Sixteen(low + 16, high + 16, rowBytes, zero, to + 16 * PanelRows);
        }
        Rows.StoreSixteenScales(block + 192, rowBytes, T.Load(heads), scales);
    }

    /// <summary>Columns i, 32 + i, 64 + i and 96 + i of a run, i from 0 to 15.</summary>
    // Not inlined: with it the JIT runs out of locals to keep in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Sixteen(byte* low, byte* high, nint rowBytes, byte zero, byte* panel)
    {
        T zeros = T.Bytes(zero);
        T.Turn(high, rowBytes, out T h0, out T h1, out T h2, out T h3);
        T.Turn(low, rowBytes, out T a0, out T a1, out T a2, out T a3);
        T.Turn(low + 32, rowBytes, out T b0, out T b1, out T b2, out T b3);
        Store(a0, b0, h0, zeros, panel);
        Store(a1, b1, h1, zeros, panel + 64);
        Store(a2, b2, h2, zeros, panel + 128);
        Store(a3, b3, h3, zeros, panel + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T a, T b, T high, T zeros, byte* panel)
    {
        T upper = T.Bytes(48);
        ((Rows.LowNibbles(a) | (T.Left(high, 4) & upper)) - zeros).Store(panel);
        ((Rows.LowNibbles(b) | (T.Left(high, 2) & upper)) - zeros).Store(panel + 32 * PanelRows);
        ((Rows.HighNibbles(a) | (high & upper)) - zeros).Store(panel + 64 * PanelRows);
        ((Rows.HighNibbles(b) | (T.Right(high, 2) & upper)) - zeros).Store(panel + 96 * PanelRows);
    }
}
