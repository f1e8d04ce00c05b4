using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q4_1"/>, sixteen rows at once.</summary>
internal readonly unsafe struct Avx512Q4_1 : IRowsReader
{
    public static int BlockBytes => 20;

    public static int Zero => 0;

    public static int Largest => 15;

    public static bool HasMinimum => true;

    public static int BitsAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Values(byte* block, nint rowBytes, Vector512<byte> bits, bool signed, byte* panel)
    {
        Avx512Rows.Turn(block + 4, rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3);
        Avx512Rows.LowNibbles(v0).Store(panel);
        Avx512Rows.LowNibbles(v1).Store(panel + 64);
        Avx512Rows.LowNibbles(v2).Store(panel + 128);
        Avx512Rows.LowNibbles(v3).Store(panel + 192);
        Avx512Rows.HighNibbles(v0).Store(panel + 256);
        Avx512Rows.HighNibbles(v1).Store(panel + 320);
        Avx512Rows.HighNibbles(v2).Store(panel + 384);
        Avx512Rows.HighNibbles(v3).Store(panel + 448);
    }
}
