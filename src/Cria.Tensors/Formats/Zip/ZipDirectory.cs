using System.Buffers.Binary;
using System.Text;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Formats.Zip;

/// <summary>
/// The table of contents of a zip archive, which stands at its end, so that a program may stand before it. Nothing is unpacked.
/// <code>
/// …members…  central directory  [zip64 end record  zip64 locator]  end record  comment
/// </code>
/// </summary>
internal static class ZipDirectory
{
    private const uint EndSignature = 0x06054b50, LocatorSignature = 0x07064b50, End64Signature = 0x06064b50, EntrySignature = 0x02014b50, LocalSignature = 0x04034b50;
    private const int EndBytes = 22, LocatorBytes = 20, End64Bytes = 56, EntryBytes = 46, LocalBytes = 30;
    private const int LongestComment = ushort.MaxValue;
    private const ushort Zip64Field = 1;

    /// <summary>Lists the archive's members; null when the file is no zip archive. Throws <see cref="CriaException"/> when it is a damaged one.</summary>
    public static IReadOnlyList<ZipMember>? TryRead(MappedFile file)
    {
        long end = FindEnd(file);
        if (end < 0) return null;
        ReadOnlySpan<byte> record = file.Span(end, EndBytes);
        long count = UInt16(record, 10), size = UInt32(record, 12), start = UInt32(record, 16);
        long directoryEnd = end;
        if (end >= LocatorBytes && UInt32(file.Span(end - LocatorBytes, LocatorBytes), 0) == LocatorSignature)
        {
            long end64 = (long)UInt64(file.Span(end - LocatorBytes, LocatorBytes), 8);
            if (end64 < 0 || end64 > end - LocatorBytes - End64Bytes || UInt32(file.Span(end64, End64Bytes), 0) != End64Signature) throw Damaged(file, "its zip64 record is not where it should be");
            ReadOnlySpan<byte> record64 = file.Span(end64, End64Bytes);
            (count, size, start, directoryEnd) = ((long)UInt64(record64, 32), (long)UInt64(record64, 40), (long)UInt64(record64, 48), end64);
        }
        if (size < 0 || start < 0 || size > directoryEnd || start > directoryEnd - size || count < 0 || count > size / EntryBytes) throw Damaged(file, "its directory reaches outside the file");
        // Offsets count from the archive's own start, which a program put before it may have moved.
        long moved = directoryEnd - size - start;
        if (moved != 0 && IsEntry(file, start)) moved = 0;
        return ReadEntries(file, start + moved, size, (int)count, moved);
    }

    private static bool IsEntry(MappedFile file, long place) => place <= file.Length - EntryBytes && UInt32(file.Span(place, EntryBytes), 0) == EntrySignature;

    private static long FindEnd(MappedFile file)
    {
        for (long place = file.Length - EndBytes, last = Math.Max(0, place - LongestComment); place >= last; place--)
        {
            ReadOnlySpan<byte> record = file.Span(place, EndBytes);
            if (UInt32(record, 0) == EndSignature && place + EndBytes + UInt16(record, 20) <= file.Length) return place;
        }
        return -1;
    }

    private static List<ZipMember> ReadEntries(MappedFile file, long place, long size, int count, long moved)
    {
        var members = new List<ZipMember>(count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        long end = place + size;
        for (int i = 0; i < count; i++)
        {
            if (place > end - EntryBytes || !IsEntry(file, place)) throw Damaged(file, "its directory ends too early");
            ReadOnlySpan<byte> entry = file.Span(place, EntryBytes);
            int nameBytes = UInt16(entry, 28), extraBytes = UInt16(entry, 30), commentBytes = UInt16(entry, 32);
            int flags = UInt16(entry, 8), method = UInt16(entry, 10);
            long packed = UInt32(entry, 20), length = UInt32(entry, 24), local = UInt32(entry, 42);
            if (place + EntryBytes + nameBytes + extraBytes + commentBytes > end) throw Damaged(file, "its directory ends too early");
            string name = Encoding.UTF8.GetString(file.Span(place + EntryBytes, nameBytes));
            ReadZip64(file.Span(place + EntryBytes + nameBytes, extraBytes), ref length, ref packed, ref local);
            place += EntryBytes + nameBytes + extraBytes + commentBytes;
            if (!names.Add(name)) throw Damaged(file, $"it has two members {ForeignText.Shown(name)}");
            bool isStored = method == 0 && (flags & 1) == 0 && packed == length;
            members.Add(new ZipMember(name, Locate(file, name, local + moved, packed), length, isStored) { PackedLength = packed, Method = method, Checksum = UInt32(entry, 16) });
        }
        return members;
    }

    private static void ReadZip64(ReadOnlySpan<byte> extra, ref long length, ref long packed, ref long local)
    {
        while (extra.Length >= 4)
        {
            int bytes = UInt16(extra, 2);
            if (bytes > extra.Length - 4) return;
            ReadOnlySpan<byte> field = extra.Slice(4, bytes);
            if (UInt16(extra, 0) == Zip64Field)
            {
                Widen(ref field, ref length);
                Widen(ref field, ref packed);
                Widen(ref field, ref local);
                return;
            }
            extra = extra[(4 + bytes)..];
        }
    }

    private static void Widen(ref ReadOnlySpan<byte> field, ref long value)
    {
        if (value != uint.MaxValue || field.Length < 8) return;
        value = (long)UInt64(field, 0);
        field = field[8..];
    }

    private static long Locate(MappedFile file, string name, long local, long packed)
    {
        if (local < 0 || local > file.Length - LocalBytes || UInt32(file.Span(local, LocalBytes), 0) != LocalSignature) throw Damaged(file, $"member {ForeignText.Shown(name)} is not where its directory says");
        ReadOnlySpan<byte> header = file.Span(local, LocalBytes);
        long start = local + LocalBytes + UInt16(header, 26) + UInt16(header, 28);
        return packed >= 0 && start <= file.Length && packed <= file.Length - start ? start
            : throw new CriaException($"{file.Path}: member {ForeignText.Shown(name)} reaches beyond the end of the file; it is cut short, fetch it again");
    }

    private static int UInt16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong UInt64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private static CriaException Damaged(MappedFile file, string what) => new($"{file.Path} is a damaged zip archive: {what}; fetch it again");
}
