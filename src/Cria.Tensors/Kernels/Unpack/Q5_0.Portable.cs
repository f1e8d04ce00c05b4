using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q5_0"/>.</summary>
internal readonly unsafe struct PortableQ5_0 : IBlockReader
{
    public static int BlockSize => 32;

    public static int BlockBytes => 22;

    public static int GroupSize => 32;

    public static int Zero => 16;

    public static bool HasMinimum => false;

    public static Vector128<byte> Values(byte* block, int part)
    {
        Vector128<byte> low = (Vector128.Load(block + 6) >>> (4 * part)) & Vector128.Create((byte)15);
        return low | BitSpread.Sixteen(*(ushort*)(block + 2 + 2 * part), 16);
    }

    public static float Scale(byte* block, int group) => IBlockReader.F16(block);

    public static float Minimum(byte* block, int group) => 0;
}
