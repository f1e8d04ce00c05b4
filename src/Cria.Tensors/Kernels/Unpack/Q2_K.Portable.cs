using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q2_K"/>.</summary>
internal readonly unsafe struct PortableQ2_K : IBlockReader
{
    public static int BlockSize => 256;

    public static int BlockBytes => 84;

    public static int GroupSize => 16;

    public static int Zero => 0;

    public static bool HasMinimum => true;

    public static Vector128<byte> Values(byte* block, int part)
    {
        Vector128<byte> quants = Vector128.Load(block + 16 + part / 8 * 32 + part % 2 * 16);
        return (quants >>> (part / 2 % 4 * 2)) & Vector128.Create((byte)3);
    }

    public static float Scale(byte* block, int group) => IBlockReader.F16(block + 80) * (block[group] & 15);

    public static float Minimum(byte* block, int group) => IBlockReader.F16(block + 82) * (block[group] >> 4);
}
