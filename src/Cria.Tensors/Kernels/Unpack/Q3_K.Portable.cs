using System.Runtime.Intrinsics;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q3_K"/>.</summary>
internal readonly unsafe struct PortableQ3_K : IBlockReader
{
    public static int BlockSize => 256;

    public static int BlockBytes => 110;

    public static int GroupSize => 16;

    public static int Zero => 4;

    public static bool HasMinimum => false;

    public static Vector128<byte> Values(byte* block, int part)
    {
        Vector128<byte> low = (Vector128.Load(block + 32 + part / 8 * 32 + part % 2 * 16) >>> (part / 2 % 4 * 2)) & Vector128.Create((byte)3);
        Vector128<byte> third = (Vector128.Load(block + part % 2 * 16) >>> (part / 2)) & Vector128.Create((byte)1);
        return low | (third << 2);
    }

    public static float Scale(byte* block, int group) => IBlockReader.F16(block + 108) * (Q3_K.GroupScale(new ReadOnlySpan<byte>(block + 96, 12), group) - 32);

    public static float Minimum(byte* block, int group) => 0;
}
