using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cria.Tokenization;

/// <summary>A fast 64-bit hash of short byte strings, for tables that compare the bytes themselves afterwards.</summary>
internal static class ByteHash
{
    private const ulong Odd = 0x9E3779B97F4A7C15;

    /// <summary>The hash of the bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = (ulong)bytes.Length * Odd;
        while (bytes.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }
        ulong rest = 0;
        if (bytes.Length >= 4)
        {
            rest = BinaryPrimitives.ReadUInt32LittleEndian(bytes) | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) << 32);
        }
        else if (bytes.Length > 0)
        {
            rest = bytes[0] | ((ulong)bytes[bytes.Length >> 1] << 8) | ((ulong)bytes[^1] << 16);
        }
        return Mix(hash ^ rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong value)
    {
        value *= Odd;
        return BitOperations.RotateLeft(value, 29) * Odd ^ (value >> 32);
    }
}
