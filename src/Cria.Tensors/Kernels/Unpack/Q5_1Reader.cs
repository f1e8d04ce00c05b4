using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q5_1"/>.</summary>
internal readonly unsafe struct Q5_1Reader : IBlockReader
{
    public static int BlockBytes => 24;

    public static int Zero => 0;

    public static int Largest => 31;

    public static bool HasMinimum => true;

    public static int BitsAt => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Values<T>(byte* block, nint rowBytes, T bits, bool signed, byte* panel) where T : struct, IRows<T>
    {
        T.Turn(block + 8, rowBytes, out T v0, out T v1, out T v2, out T v3);
        T.WithBits(Rows.LowNibbles(v0), bits, 0).Store(panel);
        T.WithBits(Rows.LowNibbles(v1), bits, 1).Store(panel + 64);
        T.WithBits(Rows.LowNibbles(v2), bits, 2).Store(panel + 128);
        T.WithBits(Rows.LowNibbles(v3), bits, 3).Store(panel + 192);
        T.WithBits(Rows.HighNibbles(v0), bits, 4).Store(panel + 256);
        T.WithBits(Rows.HighNibbles(v1), bits, 5).Store(panel + 320);
        T.WithBits(Rows.HighNibbles(v2), bits, 6).Store(panel + 384);
        T.WithBits(Rows.HighNibbles(v3), bits, 7).Store(panel + 448);
    }
}
