using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.IQ4_XS"/>.</summary>
internal readonly unsafe struct PortableIQ4_XS : IBlockReader
{
    public static int BlockSize => 256;

    public static int BlockBytes => 136;

    public static int GroupSize => 32;

    public static int Zero => 128;

    public static bool HasMinimum => false;

    public static Vector128<byte> Values(byte* block, int part) =>
        Vector128.Shuffle(PortableIQ4_NL.Levels, (Vector128.Load(block + 8 + part / 2 * 16) >>> (part % 2 * 4)) & Vector128.Create((byte)15));

    public static float Scale(byte* block, int group) => IBlockReader.F16(block) * (GroupScale(block, group) - 32);

    public static float Minimum(byte* block, int group) => 0;

    private static int GroupScale(byte* block, int group) =>
        ((block[4 + group / 2] >> (group % 2 * 4)) & 15) | (((*(ushort*)(block + 2) >> (2 * group)) & 3) << 4);
}
