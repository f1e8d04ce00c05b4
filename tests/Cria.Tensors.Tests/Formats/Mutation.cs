using System.Buffers.Binary;

namespace Cria.Tensors.Tests.Formats;

/// <summary>Damages a file the way disks, networks and attackers do; the same seed gives the same damage.</summary>
internal static class Mutation
{
    private static readonly ulong[] Extremes = [0, 1, 255, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1ul << 32, 1ul << 40, 1ul << 62, long.MaxValue, 1ul << 63, ulong.MaxValue];

    /// <summary>A damaged copy; three in four changes fall into the first <paramref name="headerBytes"/> (0: the first half).</summary>
    public static byte[] Of(byte[] whole, int seed, int headerBytes = 0)
    {
        var random = new Random(seed);
        var bytes = (byte[])whole.Clone();
        int header = headerBytes > 0 ? Math.Min(headerBytes, bytes.Length) : Math.Max(1, bytes.Length / 2);
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Length > 16; changes--)
        {
            int place = random.Next(4) == 0 ? random.Next(bytes.Length - 8) : random.Next(Math.Min(header, bytes.Length - 8));
            switch (random.Next(8))
            {
                case 0: bytes[place] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[place] = (byte)random.Next(256); break;
                case 2: BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(place), Extremes[random.Next(Extremes.Length)]); break;
                case 3: BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(place), (uint)Extremes[random.Next(Extremes.Length)]); break;
                case 4: bytes = bytes[..random.Next(1, bytes.Length)]; break;
                case 5: bytes = [.. bytes[..place], .. bytes[(place + random.Next(1, 8))..]]; break;
                case 6: bytes = [.. bytes[..place], .. bytes[place..(place + 8)], .. bytes[place..]]; break;
                default: random.NextBytes(bytes.AsSpan(place, Math.Min(random.Next(1, 64), bytes.Length - place))); break;
            }
        }
        return bytes;
    }
}
