using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q5_1"/>.</summary>
internal readonly unsafe struct PortableQ5_1 : IBlockReader
{
    public static int BlockSize => 32;

    public static int BlockBytes => 24;

    public static int GroupSize => 32;

    public static int Zero => 0;

    public static bool HasMinimum => true;

    public static Vector128<byte> Values(byte* block, int part)
    {
        Vector128<byte> low = (Vector128.Load(block + 8) >>> (4 * part)) & Vector128.Create((byte)15);
        return low | BitSpread.Sixteen(*(ushort*)(block + 4 + 2 * part), 16);
    }

    public static float Scale(byte* block, int group) => IBlockReader.F16(block);

    public static float Minimum(byte* block, int group) => -IBlockReader.F16(block + 2);
}
