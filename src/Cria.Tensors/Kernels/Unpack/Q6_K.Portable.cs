using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q6_K"/>.</summary>
internal readonly unsafe struct PortableQ6_K : IBlockReader
{
    public static int BlockSize => 256;

    public static int BlockBytes => 210;

    public static int GroupSize => 16;

    public static int Zero => 32;

    public static bool HasMinimum => false;

    public static Vector128<byte> Values(byte* block, int part)
    {
        Vector128<byte> low = (Vector128.Load(block + part / 8 * 64 + part % 4 * 16) >>> (part / 4 % 2 * 4)) & Vector128.Create((byte)15);
        Vector128<byte> high = (Vector128.Load(block + 128 + part / 8 * 32 + part % 2 * 16) >>> (part / 2 % 4 * 2)) & Vector128.Create((byte)3);
        return low | (high << 4);
    }

    public static float Scale(byte* block, int group) => IBlockReader.F16(block + 208) * (sbyte)block[192 + group];

    public static float Minimum(byte* block, int group) => 0;
}
