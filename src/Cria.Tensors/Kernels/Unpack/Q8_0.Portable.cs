using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q8_0"/>.</summary>
internal readonly unsafe struct PortableQ8_0 : IBlockReader
{
    public static int BlockSize => 32;

    public static int BlockBytes => 34;

    public static int GroupSize => 32;

    public static int Zero => 128;

    public static bool HasMinimum => false;

    public static Vector128<byte> Values(byte* block, int part) => Vector128.Load(block + 2 + 16 * part) ^ Vector128.Create((byte)128);

    public static float Scale(byte* block, int group) => IBlockReader.F16(block);

    public static float Minimum(byte* block, int group) => 0;
}
