using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q4_0"/>, sixteen rows at once.</summary>
internal readonly unsafe struct Avx512Q4_0 : IRowsReader
{
    public static int BlockBytes => 18;

    public static int Zero => 8;

    public static int Largest => 15;

    public static bool HasMinimum => false;

    public static int BitsAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Values(byte* block, nint rowBytes, Vector512<byte> bits, bool signed, byte* panel)
    {
        Avx512Rows.Turn(block + 2, rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3);
        Vector512<byte> zero = Vector512.Create((byte)(signed ? 8 : 0));
        (Avx512Rows.LowNibbles(v0) - zero).Store(panel);
        (Avx512Rows.LowNibbles(v1) - zero).Store(panel + 64);
        (Avx512Rows.LowNibbles(v2) - zero).Store(panel + 128);
        (Avx512Rows.LowNibbles(v3) - zero).Store(panel + 192);
        (Avx512Rows.HighNibbles(v0) - zero).Store(panel + 256);
        (Avx512Rows.HighNibbles(v1) - zero).Store(panel + 320);
        (Avx512Rows.HighNibbles(v2) - zero).Store(panel + 384);
        (Avx512Rows.HighNibbles(v3) - zero).Store(panel + 448);
    }
}
