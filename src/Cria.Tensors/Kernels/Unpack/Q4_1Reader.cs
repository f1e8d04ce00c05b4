using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q4_1"/>.</summary>
internal readonly unsafe struct Q4_1Reader : IBlockReader
{
    public static int BlockBytes => 20;

    public static int Zero => 0;

    public static int Largest => 15;

    public static bool HasMinimum => true;

    public static int BitsAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Values<T>(byte* block, nint rowBytes, T bits, bool signed, byte* panel) where T : struct, IRows<T>
    {
        T.Turn(block + 4, rowBytes, out T v0, out T v1, out T v2, out T v3);
        Rows.LowNibbles(v0).Store(panel);
        Rows.LowNibbles(v1).Store(panel + 64);
        Rows.LowNibbles(v2).Store(panel + 128);
        Rows.LowNibbles(v3).Store(panel + 192);
        Rows.HighNibbles(v0).Store(panel + 256);
        Rows.HighNibbles(v1).Store(panel + 320);
        Rows.HighNibbles(v2).Store(panel + 384);
        Rows.HighNibbles(v3).Store(panel + 448);
    }
}
