using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q3_K"/>.</summary>
internal sealed unsafe class Q3_KUnpacker<T>() : SuperblockUnpacker<T>(blockBytes: 110, groupSize: 16, zero: 4, hasMinimum: false)
    where T : struct, IRows<T>
{
    protected override void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales, float* minimums)
    {
        if (signed) Block(block, rowBytes, signed: true, panel, scales);
        else Block(block, rowBytes, signed: false, panel, scales);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales)
    {
        // The scale is the upper half of the block's last four bytes. It is copied before and read after the quants: a vector load right behind the small stores would wait for them.
        uint* heads = stackalloc uint[PanelRows];
        Rows.Copy<T>(block + 106, rowBytes, heads);
        Sixteen(block, rowBytes, signed, panel);
        Sixteen(block + 16, rowBytes, signed, panel + 16 * PanelRows);

        T.Turn(block + 92, rowBytes, out _, out T a, out T b, out T upper);
        T scale = T.UpperHalves(T.Load(heads));
        T two = T.Bytes(48), zero = T.Bytes(32);
        Rows.StoreSignedProducts((Rows.LowNibbles(a) | (T.Left(upper, 4) & two)) - zero, scale, scales);
        Rows.StoreSignedProducts((Rows.LowNibbles(b) | (T.Left(upper, 2) & two)) - zero, scale, scales + 4 * PanelRows);
        Rows.StoreSignedProducts((Rows.HighNibbles(a) | (upper & two)) - zero, scale, scales + 8 * PanelRows);
        Rows.StoreSignedProducts((Rows.HighNibbles(b) | (T.Right(upper, 2) & two)) - zero, scale, scales + 12 * PanelRows);
    }

    /// <summary>Columns 32·k + i, i from 0 to 15: third bits at byte 0, the lower bits of the two runs at bytes 32 and 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(byte* at, nint rowBytes, bool signed, byte* panel)
    {
        T.Turn(at, rowBytes, out T t0, out T t1, out T t2, out T t3);
        T.Turn(at + 32, rowBytes, out T a0, out T a1, out T a2, out T a3);
        T.Turn(at + 64, rowBytes, out T b0, out T b1, out T b2, out T b3);
        Store(a0, b0, t0, signed, panel);
        Store(a1, b1, t1, signed, panel + 64);
        Store(a2, b2, t2, signed, panel + 128);
        Store(a3, b3, t3, signed, panel + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T a, T b, T third, bool signed, byte* panel)
    {
        T three = T.Bytes(3), four = T.Bytes(4), zero = T.Bytes((byte)(signed ? 4 : 0));
        (((a & three) | (T.Left(third, 2) & four)) - zero).Store(panel);
        (((T.Right(a, 2) & three) | (T.Left(third, 1) & four)) - zero).Store(panel + 32 * PanelRows);
        (((T.Right(a, 4) & three) | (third & four)) - zero).Store(panel + 64 * PanelRows);
        (((T.Right(a, 6) & three) | (T.Right(third, 1) & four)) - zero).Store(panel + 96 * PanelRows);
        (((b & three) | (T.Right(third, 2) & four)) - zero).Store(panel + 128 * PanelRows);
        (((T.Right(b, 2) & three) | (T.Right(third, 3) & four)) - zero).Store(panel + 160 * PanelRows);
        (((T.Right(b, 4) & three) | (T.Right(third, 4) & four)) - zero).Store(panel + 192 * PanelRows);
        (((T.Right(b, 6) & three) | (T.Right(third, 5) & four)) - zero).Store(panel + 224 * PanelRows);
    }
}
