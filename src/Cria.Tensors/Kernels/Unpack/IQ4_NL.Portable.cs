using System.Runtime.Intrinsics;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads blocks of <see cref="Quantization.IQ4_NL"/>.</summary>
internal readonly unsafe struct PortableIQ4_NL : IBlockReader
{
    public static int BlockSize => 32;

    public static int BlockBytes => 18;

    public static int GroupSize => 32;

    public static int Zero => 128;

    public static bool HasMinimum => false;

    /// <summary>The values a quant stands for, 128 added.</summary>
    public static Vector128<byte> Levels => Vector128.Create(IQ4_NL.Levels).AsByte() ^ Vector128.Create((byte)128);

    public static Vector128<byte> Values(byte* block, int part) =>
        Vector128.Shuffle(Levels, (Vector128.Load(block + 2) >>> (4 * part)) & Vector128.Create((byte)15));

    public static float Scale(byte* block, int group) => IBlockReader.F16(block);

    public static float Minimum(byte* block, int group) => 0;
}
