using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Rows as files have them, one after another.</summary>
internal readonly unsafe struct RowAfterRow : IRowOrder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Rows(byte* blocks, long rowBytes, int row, out nint step)
    {
        step = (nint)rowBytes;
        return blocks + row * rowBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* at, nint step, uint* to)
    {
        Unpack.Rows.CopyFour(at, step, to);
        Unpack.Rows.CopyFour(at + 4 * step, step, to + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyHalf(byte* at, nint step, uint* to)
    {
        Unpack.Rows.CopyFourHalves(at, step, to);
        Unpack.Rows.CopyFourHalves(at + 4 * step, step, to + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* at, nint step, out Vector256<byte> v0, out Vector256<byte> v1, out Vector256<byte> v2, out Vector256<byte> v3)
    {
        // Quarter q of t_i is row 4·q + i, so that turning 4 × 4 lanes within each quarter finishes the work.
        byte* a = at, b = at + 4 * step;
        Vector256<uint> t0 = Quarters(a, b);
        Vector256<uint> t1 = Quarters(a + step, b + step);
        Vector256<uint> t2 = Quarters(a + 2 * step, b + 2 * step);
        Vector256<uint> t3 = Quarters(a + 3 * step, b + 3 * step);
        Vector256<ulong> low01 = Avx2.UnpackLow(t0, t1).AsUInt64(), high01 = Avx2.UnpackHigh(t0, t1).AsUInt64();
        Vector256<ulong> low23 = Avx2.UnpackLow(t2, t3).AsUInt64(), high23 = Avx2.UnpackHigh(t2, t3).AsUInt64();
        v0 = Avx2.UnpackLow(low01, low23).AsByte();
        v1 = Avx2.UnpackHigh(low01, low23).AsByte();
        v2 = Avx2.UnpackLow(high01, high23).AsByte();
        v3 = Avx2.UnpackHigh(high01, high23).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Quarters(byte* a, byte* b) => Vector256.Create(Vector128.Load(a), Vector128.Load(b)).AsUInt32();
}
