using System.Runtime.Intrinsics;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.Q4_K"/>.</summary>
internal readonly unsafe struct PortableQ4_K : IBlockReader
{
    public static int BlockSize => 256;

    public static int BlockBytes => 144;

    public static int GroupSize => 32;

    public static int Zero => 0;

    public static bool HasMinimum => true;

    public static Vector128<byte> Values(byte* block, int part) =>
        (Vector128.Load(block + 16 + part / 4 * 32 + part % 2 * 16) >>> (part / 2 % 2 * 4)) & Vector128.Create((byte)15);

    public static float Scale(byte* block, int group) => IBlockReader.F16(block) * SixBitPairs.Read(new ReadOnlySpan<byte>(block + 4, SixBitPairs.Bytes), group).Scale;

    public static float Minimum(byte* block, int group) => IBlockReader.F16(block + 2) * SixBitPairs.Read(new ReadOnlySpan<byte>(block + 4, SixBitPairs.Bytes), group).Minimum;
}
