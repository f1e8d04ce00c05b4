using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q8_0"/>, sixteen rows at once.</summary>
internal readonly unsafe struct Avx512Q8_0 : IRowsReader
{
    public static int BlockBytes => 34;

    public static int Zero => 128;

    public static int Largest => 255;

    public static bool HasMinimum => false;

    public static int BitsAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Values(byte* block, nint rowBytes, Vector512<byte> bits, bool signed, byte* panel)
    {
        Vector512<byte> flip = Vector512.Create((byte)(signed ? 0 : 128));
        Avx512Rows.Turn(block + 2, rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3);
        (v0 ^ flip).Store(panel);
        (v1 ^ flip).Store(panel + 64);
        (v2 ^ flip).Store(panel + 128);
        (v3 ^ flip).Store(panel + 192);
        Avx512Rows.Turn(block + 18, rowBytes, out v0, out v1, out v2, out v3);
        (v0 ^ flip).Store(panel + 256);
        (v1 ^ flip).Store(panel + 320);
        (v2 ^ flip).Store(panel + 384);
        (v3 ^ flip).Store(panel + 448);
    }
}
