using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>
/// Blocks of <see cref="Q6_K"/> as they lie where rows stand side by side (<see cref="InterleavedRows"/>): the same 210 bytes in an order in which they are read from the
/// first to the last, one group after another, with fewer instructions, since three words of six bits a byte hold a fourth in the bits above.
/// <code>
/// byte 0..1      scale, F16
/// byte 2..17     s of the sixteen groups, signed
/// byte 18..209   sixteen groups of three words: the lower six bits of byte i of word w are q of element 4·w + i;
///                the upper two, of word 0, 1 and 2, are bits 0 and 1, 2 and 3, 4 and 5 of element 12 + i
/// </code>
/// </summary>
internal static unsafe class PackedQ6_K
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 210;

    private const int ScalesAt = 2, QuantsAt = 18, Upper = 0xC0;
    private const uint UpperBits = Upper * 0x01010101u;

    /// <summary>Packs a block.</summary>
    public static void Pack(byte* block, byte* packed)
    {
        *(ushort*)packed = *(ushort*)(block + 208);
        Vector128.Load(block + 192).Store(packed + ScalesAt);
        for (int group = 0; group < 16; group++)
        {
            (int low, int lowShift, int high, int highShift) = Place(group);
            Vector128<byte> q = ((Vector128.Load(block + low) >>> lowShift) & Vector128.Create((byte)15)) | (((Vector128.Load(block + high) >>> highShift) & Vector128.Create((byte)3)) << 4);
            uint* words = (uint*)(packed + QuantsAt + (12 * group));
            uint fourth = q.AsUInt32()[3];
            for (int word = 0; word < 3; word++) words[word] = q.AsUInt32()[word] | ((fourth << (6 - (2 * word))) & UpperBits);
        }
    }

    /// <summary>Undoes <see cref="Pack"/>.</summary>
    public static void Unpack(byte* packed, byte* block)
    {
        *(ushort*)(block + 208) = *(ushort*)packed;
        Vector128.Load(packed + ScalesAt).Store(block + 192);
        new Span<byte>(block, 192).Clear();
        for (int group = 0; group < 16; group++)
        {
            uint* words = (uint*)(packed + QuantsAt + (12 * group));
            uint fourth = 0;
            for (int word = 0; word < 3; word++) fourth |= (words[word] & UpperBits) >> (6 - (2 * word));
            Vector128<byte> q = Vector128.Create(words[0] & ~UpperBits, words[1] & ~UpperBits, words[2] & ~UpperBits, fourth).AsByte();
            (int low, int lowShift, int high, int highShift) = Place(group);
            (Vector128.Load(block + low) | ((q & Vector128.Create((byte)15)) << lowShift)).Store(block + low);
            (Vector128.Load(block + high) | ((q >>> 4) << highShift)).Store(block + high);
        }
    }

    /// <summary>Where <see cref="Q6_K"/> has the lower four and the upper two bits of a group's elements.</summary>
    private static (int Low, int LowShift, int High, int HighShift) Place(int group) =>
        ((group / 8 * 64) + (group % 4 * 16), group % 8 / 4 * 4, 128 + (group / 8 * 32) + (group % 2 * 16), group % 8 / 2 * 2);
}
