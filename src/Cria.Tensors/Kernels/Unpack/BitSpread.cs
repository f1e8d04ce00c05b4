using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Turns bits into bytes.</summary>
internal static class BitSpread
{
    /// <summary>Byte i is <paramref name="value"/> where bit i is set, else 0.</summary>
    public static Vector128<byte> Sixteen(ushort bits, byte value)
    {
        Vector128<byte> each = Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
        Vector128<byte> copies = Vector128.Create(Vector64.Create((byte)bits), Vector64.Create((byte)(bits >> 8)));
        return Vector128.Equals(copies & each, each) & Vector128.Create(value);
    }
}
