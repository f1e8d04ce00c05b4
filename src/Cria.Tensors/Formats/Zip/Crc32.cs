using System.Buffers.Binary;

namespace Cria.Tensors.Formats.Zip;

/// <summary>
/// The checksum of zip members: the remainder of a division by x³²+x²⁶+x²³+x²²+x¹⁶+x¹²+x¹¹+x¹⁰+x⁸+x⁷+x⁵+x⁴+x²+x+1, lowest bit first (PKWARE's APPNOTE 4.4.7).
/// Eight bytes at a step, each through a table of its own: a model of gigabytes is summed at the speed of its disk.
/// </summary>
internal static class Crc32
{
    private const uint Polynomial = 0xedb88320;
    private const int Step = 8;
    private static readonly uint[] Tables = MakeTables();

    /// <summary>The checksum of what had the checksum <paramref name="before"/> (0 for nothing) followed by <paramref name="bytes"/>.</summary>
    public static uint Append(uint before, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> t = Tables;
        uint sum = ~before;
        for (; bytes.Length >= Step; bytes = bytes[Step..])
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ sum, high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            sum = t[(7 << 8) + (byte)low] ^ t[(6 << 8) + (byte)(low >> 8)] ^ t[(5 << 8) + (byte)(low >> 16)] ^ t[(4 << 8) + (int)(low >> 24)]
                ^ t[(3 << 8) + (byte)high] ^ t[(2 << 8) + (byte)(high >> 8)] ^ t[(1 << 8) + (byte)(high >> 16)] ^ t[(int)(high >> 24)];
        }
        foreach (byte next in bytes) sum = t[(byte)(sum ^ next)] ^ (sum >> 8);
        return ~sum;
    }

    /// <summary>Table k holds what a byte does to the checksum when k zero bytes follow it.</summary>
    private static uint[] MakeTables()
    {
        var tables = new uint[Step << 8];
        for (uint value = 0; value < 256; value++)
        {
            uint sum = value;
            for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ ((sum & 1) * Polynomial);
            tables[value] = sum;
        }
        for (int i = 256; i < tables.Length; i++) tables[i] = tables[(byte)tables[i - 256]] ^ (tables[i - 256] >> 8);
        return tables;
    }
}
