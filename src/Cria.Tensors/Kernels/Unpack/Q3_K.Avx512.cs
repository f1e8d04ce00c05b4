using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q3_K"/>, sixteen rows at once.</summary>
internal sealed unsafe class Avx512Q3_K() : Unpacker(groupSize: 16, zero: 4, hasMinimum: false)
{
    public override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        for (int i = 0; i < columns / 256; i++)
        {
            Prefetch(ahead, 110 * PanelRows);
            ahead += 110 * PanelRows;
            if (signed) Block(blocks, (nint)rowBytes, signed: true, panel, scales);
            else Block(blocks, (nint)rowBytes, signed: false, panel, scales);
            blocks += 110;
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
        Avx512Rows.Copy(block + 106, rowBytes, heads);
        Sixteen(block, rowBytes, signed, panel);
        Sixteen(block + 16, rowBytes, signed, panel + 16 * PanelRows);

        Avx512Rows.Turn(block + 92, rowBytes, out _, out Vector512<byte> a, out Vector512<byte> b, out Vector512<byte> upper);
        Vector512<float> scale = Avx512Rows.UpperHalves(Vector512.Load(heads));
        Vector512<byte> two = Vector512.Create((byte)48), zero = Vector512.Create((byte)32);
        Avx512Rows.StoreSignedProducts((Avx512Rows.LowNibbles(a) | (Avx512Rows.Left(upper, 4) & two)) - zero, scale, scales);
        Avx512Rows.StoreSignedProducts((Avx512Rows.LowNibbles(b) | (Avx512Rows.Left(upper, 2) & two)) - zero, scale, scales + 4 * PanelRows);
        Avx512Rows.StoreSignedProducts((Avx512Rows.HighNibbles(a) | (upper & two)) - zero, scale, scales + 8 * PanelRows);
        Avx512Rows.StoreSignedProducts((Avx512Rows.HighNibbles(b) | (Avx512Rows.Right(upper, 2) & two)) - zero, scale, scales + 12 * PanelRows);
    }

    /// <summary>Columns 32·k + i, i from 0 to 15: third bits at byte 0, the lower bits of the two runs at bytes 32 and 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(byte* at, nint rowBytes, bool signed, byte* panel)
    {
        Avx512Rows.Turn(at, rowBytes, out Vector512<byte> t0, out Vector512<byte> t1, out Vector512<byte> t2, out Vector512<byte> t3);
        Avx512Rows.Turn(at + 32, rowBytes, out Vector512<byte> a0, out Vector512<byte> a1, out Vector512<byte> a2, out Vector512<byte> a3);
        Avx512Rows.Turn(at + 64, rowBytes, out Vector512<byte> b0, out Vector512<byte> b1, out Vector512<byte> b2, out Vector512<byte> b3);
        Store(a0, b0, t0, signed, panel);
        Store(a1, b1, t1, signed, panel + 64);
        Store(a2, b2, t2, signed, panel + 128);
        Store(a3, b3, t3, signed, panel + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<byte> a, Vector512<byte> b, Vector512<byte> third, bool signed, byte* panel)
    {
        Vector512<byte> three = Vector512.Create((byte)3), four = Vector512.Create((byte)4), zero = Vector512.Create((byte)(signed ? 4 : 0));
        (((a & three) | (Avx512Rows.Left(third, 2) & four)) - zero).Store(panel);
        (((Avx512Rows.Right(a, 2) & three) | (Avx512Rows.Left(third, 1) & four)) - zero).Store(panel + 32 * PanelRows);
        (((Avx512Rows.Right(a, 4) & three) | (third & four)) - zero).Store(panel + 64 * PanelRows);
        (((Avx512Rows.Right(a, 6) & three) | (Avx512Rows.Right(third, 1) & four)) - zero).Store(panel + 96 * PanelRows);
        (((b & three) | (Avx512Rows.Right(third, 2) & four)) - zero).Store(panel + 128 * PanelRows);
        (((Avx512Rows.Right(b, 2) & three) | (Avx512Rows.Right(third, 3) & four)) - zero).Store(panel + 160 * PanelRows);
        (((Avx512Rows.Right(b, 4) & three) | (Avx512Rows.Right(third, 4) & four)) - zero).Store(panel + 192 * PanelRows);
        (((Avx512Rows.Right(b, 6) & three) | (Avx512Rows.Right(third, 5) & four)) - zero).Store(panel + 224 * PanelRows);
    }
}
