using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q4_0"/>.</summary>
internal readonly unsafe struct Q4_0Reader : IBlockReader
{
    public static int BlockBytes => 18;

    public static int Zero => 8;

    public static int Largest => 15;

    public static bool HasMinimum => false;

    public static int BitsAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Values<T>(byte* block, nint rowBytes, T bits, bool signed, byte* panel) where T : struct, IRows<T>
    {
        T.Turn(block + 2, rowBytes, out T v0, out T v1, out T v2, out T v3);
        T zero = T.Bytes((byte)(signed ? 8 : 0));
        (Rows.LowNibbles(v0) - zero).Store(panel);
        (Rows.LowNibbles(v1) - zero).Store(panel + 64);
        (Rows.LowNibbles(v2) - zero).Store(panel + 128);
        (Rows.LowNibbles(v3) - zero).Store(panel + 192);
        (Rows.HighNibbles(v0) - zero).Store(panel + 256);
        (Rows.HighNibbles(v1) - zero).Store(panel + 320);
        (Rows.HighNibbles(v2) - zero).Store(panel + 384);
        (Rows.HighNibbles(v3) - zero).Store(panel + 448);
    }
}
