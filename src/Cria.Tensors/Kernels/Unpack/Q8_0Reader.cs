using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q8_0"/>.</summary>
internal readonly unsafe struct Q8_0Reader : IBlockReader
{
    public static int BlockBytes => 34;

    public static int Zero => 128;

    public static int Largest => 255;

    public static bool HasMinimum => false;

    public static int BitsAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Values<T>(byte* block, nint rowBytes, T bits, bool signed, byte* panel) where T : struct, IRows<T>
    {
        T flip = T.Bytes((byte)(signed ? 0 : 128));
        T.Turn(block + 2, rowBytes, out T v0, out T v1, out T v2, out T v3);
        (v0 ^ flip).Store(panel);
        (v1 ^ flip).Store(panel + 64);
        (v2 ^ flip).Store(panel + 128);
        (v3 ^ flip).Store(panel + 192);
        T.Turn(block + 18, rowBytes, out v0, out v1, out v2, out v3);
        (v0 ^ flip).Store(panel + 256);
        (v1 ^ flip).Store(panel + 320);
        (v2 ^ flip).Store(panel + 384);
        (v3 ^ flip).Store(panel + 448);
    }
}
