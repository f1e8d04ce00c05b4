using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q3_K"/>.</summary>
internal sealed unsafe class Q3_KUnpacker<T>() : SuperblockUnpacker<T>(blockBytes: 110, groupSize: 16, zero: 4, hasMinimum: false)
    where T : struct, IRows<T>
{
    [SkipLocalsInit]
    protected override void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales, float* minimums)
    {
        // The scale is copied before and read after the quants: a vector load right behind the small stores would wait for them.
        uint* heads = stackalloc uint[PanelRows];
        T.CopyHalf(block + 108, rowBytes, heads);
        byte zero = (byte)(signed ? Zero : 0);
        Sixteen(block, rowBytes, zero, panel);
        Sixteen(block + 16, rowBytes, zero, panel + 16 * PanelRows);

        T.Turn(block + 92, rowBytes, out _, out T a, out T b, out T upper);
        T scale = Rows.LowerHalves(T.Load(heads));
        T two = T.Bytes(48), center = T.Bytes(32);
        Rows.StoreSignedProducts((Rows.LowNibbles(a) | (T.Left(upper, 4) & two)) - center, scale, scales);
        Rows.StoreSignedProducts((Rows.LowNibbles(b) | (T.Left(upper, 2) & two)) - center, scale, scales + 4 * PanelRows);
        Rows.StoreSignedProducts((Rows.HighNibbles(a) | (upper & two)) - center, scale, scales + 8 * PanelRows);
        Rows.StoreSignedProducts((Rows.HighNibbles(b) | (T.Right(upper, 2) & two)) - center, scale, scales + 12 * PanelRows);
    }

    /// <summary>Columns 32·k + i, i from 0 to 15: third bits at byte 0, the lower bits of the two runs at bytes 32 and 64.</summary>
    // Not inlined: with it the JIT runs out of locals to keep in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Sixteen(byte* at, nint rowBytes, byte zero, byte* panel)
    {
        T zeros = T.Bytes(zero);
        T.Turn(at, rowBytes, out T t0, out T t1, out T t2, out T t3);
        T.Turn(at + 32, rowBytes, out T a0, out T a1, out T a2, out T a3);
        T.Turn(at + 64, rowBytes, out T b0, out T b1, out T b2, out T b3);
        Store(a0, b0, t0, zeros, panel);
        Store(a1, b1, t1, zeros, panel + 64);
        Store(a2, b2, t2, zeros, panel + 128);
        Store(a3, b3, t3, zeros, panel + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T a, T b, T third, T zeros, byte* panel)
    {
        T three = T.Bytes(3), four = T.Bytes(4);
        (((a & three) | (T.Left(third, 2) & four)) - zeros).Store(panel);
        (((T.Right(a, 2) & three) | (T.Left(third, 1) & four)) - zeros).Store(panel + 32 * PanelRows);
        (((T.Right(a, 4) & three) | (third & four)) - zeros).Store(panel + 64 * PanelRows);
        (((T.Right(a, 6) & three) | (T.Right(third, 1) & four)) - zeros).Store(panel + 96 * PanelRows);
        (((b & three) | (T.Right(third, 2) & four)) - zeros).Store(panel + 128 * PanelRows);
        (((T.Right(b, 2) & three) | (T.Right(third, 3) & four)) - zeros).Store(panel + 160 * PanelRows);
        (((T.Right(b, 4) & three) | (T.Right(third, 4) & four)) - zeros).Store(panel + 192 * PanelRows);
        (((T.Right(b, 6) & three) | (T.Right(third, 5) & four)) - zeros).Store(panel + 224 * PanelRows);
    }
}
