using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q6_K"/>, sixteen rows at once.</summary>
internal sealed unsafe class Avx512Q6_K() : Unpacker(groupSize: 16, zero: 32, hasMinimum: false)
{
    public override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        for (int i = 0; i < columns / 256; i++)
        {
            Prefetch(ahead, 210 * PanelRows);
            ahead += 210 * PanelRows;
            if (signed) Block(blocks, (nint)rowBytes, signed: true, panel, scales);
            else Block(blocks, (nint)rowBytes, signed: false, panel, scales);
            blocks += 210;
            panel += 256 * PanelRows;
            scales += 16 * PanelRows;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales)
    {
        // The scale is the upper half of the block's last four bytes. It is copied before and read after the quants: a vector load right behind the small stores would wait for them.
        uint* heads = stackalloc uint[PanelRows];
        Avx512Rows.Copy(block + 206, rowBytes, heads);
        for (int run = 0; run < 2; run++)
        {
            byte* low = block + run * 64, high = block + 128 + run * 32, to = panel + run * 128 * PanelRows;
            Sixteen(low, high, rowBytes, signed, to);
            Sixteen(low + 16, high + 16, rowBytes, signed, to + 16 * PanelRows);
        }
        Avx512Rows.Turn(block + 192, rowBytes, out Vector512<byte> s0, out Vector512<byte> s1, out Vector512<byte> s2, out Vector512<byte> s3);
        Vector512<float> scale = Avx512Rows.UpperHalves(Vector512.Load(heads));
        Avx512Rows.StoreSignedProducts(s0, scale, scales);
        Avx512Rows.StoreSignedProducts(s1, scale, scales + 4 * PanelRows);
        Avx512Rows.StoreSignedProducts(s2, scale, scales + 8 * PanelRows);
        Avx512Rows.StoreSignedProducts(s3, scale, scales + 12 * PanelRows);
    }

    /// <summary>Columns i, 32 + i, 64 + i and 96 + i of a run, i from 0 to 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(byte* low, byte* high, nint rowBytes, bool signed, byte* panel)
    {
        Avx512Rows.Turn(high, rowBytes, out Vector512<byte> h0, out Vector512<byte> h1, out Vector512<byte> h2, out Vector512<byte> h3);
        Avx512Rows.Turn(low, rowBytes, out Vector512<byte> a0, out Vector512<byte> a1, out Vector512<byte> a2, out Vector512<byte> a3);
        Avx512Rows.Turn(low + 32, rowBytes, out Vector512<byte> b0, out Vector512<byte> b1, out Vector512<byte> b2, out Vector512<byte> b3);
        Store(a0, b0, h0, signed, panel);
        Store(a1, b1, h1, signed, panel + 64);
        Store(a2, b2, h2, signed, panel + 128);
        Store(a3, b3, h3, signed, panel + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<byte> a, Vector512<byte> b, Vector512<byte> high, bool signed, byte* panel)
    {
        Vector512<byte> upper = Vector512.Create((byte)48), zero = Vector512.Create((byte)(signed ? 32 : 0));
        ((Avx512Rows.LowNibbles(a) | (Avx512Rows.Left(high, 4) & upper)) - zero).Store(panel);
        ((Avx512Rows.LowNibbles(b) | (Avx512Rows.Left(high, 2) & upper)) - zero).Store(panel + 32 * PanelRows);
        ((Avx512Rows.HighNibbles(a) | (high & upper)) - zero).Store(panel + 64 * PanelRows);
        ((Avx512Rows.HighNibbles(b) | (Avx512Rows.Right(high, 2) & upper)) - zero).Store(panel + 96 * PanelRows);
    }
}
