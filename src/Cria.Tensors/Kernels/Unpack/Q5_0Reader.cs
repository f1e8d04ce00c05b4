using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q5_0"/>.</summary>
internal readonly unsafe struct Q5_0Reader : IBlockReader
{
    public static int BlockBytes => 22;

    public static int Zero => 16;

    public static int Largest => 31;

    public static bool HasMinimum => false;

    public static int BitsAt => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Values<T>(byte* block, nint rowBytes, T bits, bool signed, byte* panel) where T : struct, IRows<T>
    {
        T.Turn(block + 6, rowBytes, out T v0, out T v1, out T v2, out T v3);
        T zero = T.Bytes((byte)(signed ? 16 : 0));
        (T.WithBits(Rows.LowNibbles(v0), bits, 0) - zero).Store(panel);
        (T.WithBits(Rows.LowNibbles(v1), bits, 1) - zero).Store(panel + 64);
        (T.WithBits(Rows.LowNibbles(v2), bits, 2) - zero).Store(panel + 128);
        (T.WithBits(Rows.LowNibbles(v3), bits, 3) - zero).Store(panel + 192);
        (T.WithBits(Rows.HighNibbles(v0), bits, 4) - zero).Store(panel + 256);
        (T.WithBits(Rows.HighNibbles(v1), bits, 5) - zero).Store(panel + 320);
        (T.WithBits(Rows.HighNibbles(v2), bits, 6) - zero).Store(panel + 384);
        (T.WithBits(Rows.HighNibbles(v3), bits, 7) - zero).Store(panel + 448);
    }
}
