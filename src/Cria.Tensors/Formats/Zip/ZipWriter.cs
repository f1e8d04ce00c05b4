using System.Buffers.Binary;
using System.Text;

namespace Cria.Tensors.Formats.Zip;

/// <summary>
/// Writes a zip archive of stored members, each at a place that is a multiple of its own alignment, so that it can be mapped where it lies.
/// The room that alignment takes lies between the members, where readers, who go by the directory, do not look.
/// Other bytes, such as a program, may stand before the archive; offsets count from the start of the stream.
/// </summary>
/// <param name="stream">A stream that can seek, at the place where the archive may begin.</param>
/// <param name="largest">Sizes and places from here on are written in the records of zip64.</param>
internal sealed class ZipWriter(Stream stream, long largest = uint.MaxValue)
{
    private const ushort PlainVersion = 20, Zip64Version = 45, MadeByUnix = 3 << 8, Utf8Names = 1 << 11, Zip64Field = 1;
    // 1 January 1980, midnight: the first day of the format. Equal inputs make equal archives.
    private const uint Date = 0x00210000;
    private const uint RegularFile = 0x8000, Readable = 0x1a4, Executable = 0x1ed;
    private const int LocalBytes = 30, ChecksumAt = 14;

    private readonly List<Entry> entries = [];

    /// <summary>
    /// Adds a member; <paramref name="write"/> must write exactly <paramref name="length"/> bytes. Returns where its first byte lies.
    /// Throws <see cref="ArgumentException"/> when it writes more or fewer.
    /// </summary>
    public long Add(string name, long length, Action<Stream> write, int alignment = 1, bool isProgram = false)
    {
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        bool isLarge = length >= largest;
        byte[] extra = isLarge ? Zip64(length, length) : [];
        int head = LocalBytes + nameBytes.Length + extra.Length;
        long start = (stream.Position + head + alignment - 1) / alignment * alignment;
        Fill(start - head - stream.Position);
        long local = stream.Position;
        Span<byte> header = stackalloc byte[LocalBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0x04034b50);
        WriteCommon(header[4..], 0, length, isLarge, nameBytes, extra);
        stream.Write(header);
        stream.Write(nameBytes);
        stream.Write(extra);
        var summed = new SummedStream(stream);
        write(summed);
        if (summed.Count != length) throw new ArgumentException($"member {name} came with {summed.Count} bytes instead of {length}", nameof(write));
        entries.Add(new Entry(nameBytes, local, length, summed.Checksum, isProgram));
        long end = stream.Position;
        stream.Position = local + ChecksumAt;
        Span<byte> checksum = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, summed.Checksum);
        stream.Write(checksum);
        stream.Position = end;
        return start;
    }

    /// <summary>Adds a member that lies in memory.</summary>
    public long Add(string name, ReadOnlyMemory<byte> content, int alignment = 1) => Add(name, content.Length, output => output.Write(content.Span), alignment);

    /// <summary>Writes the directory, which ends the archive.</summary>
    public void Finish()
    {
        long start = stream.Position;
        foreach (Entry entry in entries) WriteEntry(entry);
        long size = stream.Position - start;
        Span<byte> end = stackalloc byte[22];
        end.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], (ushort)Math.Min(entries.Count, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], (ushort)Math.Min(entries.Count, ushort.MaxValue));
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], (uint)size);
        bool isLarge = start >= largest || entries.Count >= ushort.MaxValue;
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], isLarge ? uint.MaxValue : (uint)start);
        if (isLarge) WriteZip64End(start, size);
        stream.Write(end);
    }

    private void WriteEntry(Entry entry)
    {
        bool isLarge = entry.Length >= largest, isFar = entry.Local >= largest;
        byte[] extra = (isLarge, isFar) switch
        {
            (true, true) => Zip64(entry.Length, entry.Length, entry.Local),
            (true, false) => Zip64(entry.Length, entry.Length),
            (false, true) => Zip64(entry.Local),
            _ => [],
        };
        Span<byte> header = stackalloc byte[46];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0x02014b50);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], MadeByUnix | Zip64Version);
        WriteCommon(header[6..], entry.Checksum, entry.Length, isLarge, entry.Name, extra);
        BinaryPrimitives.WriteUInt32LittleEndian(header[38..], (RegularFile | (entry.IsProgram ? Executable : Readable)) << 16);
        BinaryPrimitives.WriteUInt32LittleEndian(header[42..], isFar ? uint.MaxValue : (uint)entry.Local);
        stream.Write(header);
        stream.Write(entry.Name);
        stream.Write(extra);
    }

    /// <summary>What a local header and a directory entry share: from the version needed to the length of the extra fields.</summary>
    private static void WriteCommon(Span<byte> to, uint checksum, long length, bool isLarge, byte[] name, byte[] extra)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, extra.Length > 0 ? Zip64Version : PlainVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], Utf8Names);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(to[6..], Date);
        BinaryPrimitives.WriteUInt32LittleEndian(to[10..], checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(to[14..], isLarge ? uint.MaxValue : (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[18..], isLarge ? uint.MaxValue : (uint)length);
        BinaryPrimitives.WriteUInt16LittleEndian(to[22..], (ushort)name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(to[24..], (ushort)extra.Length);
    }

    private void WriteZip64End(long start, long size)
    {
        long place = stream.Position;
        Span<byte> record = stackalloc byte[56 + 20];
        record.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(record, 0x06064b50);
        BinaryPrimitives.WriteInt64LittleEndian(record[4..], 56 - 12);
        BinaryPrimitives.WriteUInt16LittleEndian(record[12..], MadeByUnix | Zip64Version);
        BinaryPrimitives.WriteUInt16LittleEndian(record[14..], Zip64Version);
        BinaryPrimitives.WriteInt64LittleEndian(record[24..], entries.Count);
        BinaryPrimitives.WriteInt64LittleEndian(record[32..], entries.Count);
        BinaryPrimitives.WriteInt64LittleEndian(record[40..], size);
        BinaryPrimitives.WriteInt64LittleEndian(record[48..], start);
        BinaryPrimitives.WriteUInt32LittleEndian(record[56..], 0x07064b50);
        BinaryPrimitives.WriteInt64LittleEndian(record[64..], place);
        BinaryPrimitives.WriteUInt32LittleEndian(record[72..], 1);
        stream.Write(record);
    }

    private static byte[] Zip64(params ReadOnlySpan<long> values)
    {
        var field = new byte[4 + 8 * values.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(field, Zip64Field);
        BinaryPrimitives.WriteUInt16LittleEndian(field.AsSpan(2), (ushort)(8 * values.Length));
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(field.AsSpan(4 + 8 * i), values[i]);
        return field;
    }

    private void Fill(long bytes)
    {
        Span<byte> zeros = stackalloc byte[1024];
        zeros.Clear();
        for (; bytes > 0; bytes -= zeros.Length) stream.Write(zeros[..(int)Math.Min(bytes, zeros.Length)]);
    }

    private readonly record struct Entry(byte[] Name, long Local, long Length, uint Checksum, bool IsProgram);
}
