using System.IO.Compression;
using Cria.Tensors.Formats.Zip;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Tests.Formats.Zip;

public sealed class ZipWriterTests
{
    private const int Alignment = 65536;

    [Fact]
    public void The_checksum_is_the_published_one()
    {
        Assert.Equal(0xcbf43926u, Crc32.Append(0, "123456789"u8));
        for (int cut = 0; cut <= 9; cut++) Assert.Equal(0xcbf43926u, Crc32.Append(Crc32.Append(0, "123456789"u8[..cut]), "123456789"u8[cut..]));
    }

    [Theory]
    [InlineData(0, uint.MaxValue)]
    [InlineData(12345, uint.MaxValue)]
    [InlineData(12345, 1)]
    [InlineData(0, 70000)]
    [InlineData(200_000, 200_000)]
    public void Another_reader_finds_the_same_members(int bytesBefore, long largest)
    {
        byte[] bytes = Archive(bytesBefore, largest);
        using var archive = new ZipArchive(new MemoryStream(bytes));
        Assert.Equal([".args", "ä/model.gguf", "empty"], archive.Entries.Select(entry => entry.FullName));
        Assert.Equal([5, 100_000, 0], archive.Entries.Select(entry => entry.Length));
        Assert.Equal([5, 100_000, 0], archive.Entries.Select(entry => entry.CompressedLength));
        using var content = new MemoryStream();
        using (Stream member = archive.Entries[1].Open()) member.CopyTo(content);
        Assert.Equal(Model, content.ToArray());
        Assert.Equal(Crc32.Append(0, Model), archive.Entries[1].Crc32);
    }

    [Theory]
    [InlineData(0, uint.MaxValue)]
    [InlineData(12345, uint.MaxValue)]
    [InlineData(12345, 1)]
    [InlineData(200_000, 200_000)]
    public void Members_lie_at_multiples_of_their_alignment_and_are_read_where_they_lie(int bytesBefore, long largest)
    {
        using MappedFile file = MappedFile.FromBytes("test.zip", Archive(bytesBefore, largest));
        IReadOnlyList<ZipMember> members = ZipDirectory.TryRead(file)!;
        Assert.Equal(0, members[1].Start % Alignment);
        Assert.True(members[1].IsStored);
        Assert.Equal(Model, file.Span(members[1].Start, (int)members[1].Length).ToArray());
        Assert.Equal("-m\nx\n"u8.ToArray(), ZipContent.Bytes(file, members[0], 100));
    }

    [Fact]
    public void A_member_must_have_the_length_that_was_announced() =>
        Assert.Throws<ArgumentException>(() => new ZipWriter(new MemoryStream()).Add("a", 3, output => output.Write("ab"u8)));

    [Fact]
    public void Deflated_content_is_unpacked_and_damage_is_noticed()
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using Stream entry = archive.CreateEntry("packed", CompressionLevel.Optimal).Open();
            entry.Write(Model);
        }
        byte[] bytes = stream.ToArray();
        using (MappedFile file = MappedFile.FromBytes("test.zip", bytes)) Assert.Equal(Model, ZipContent.Bytes(file, ZipDirectory.TryRead(file)![0], Model.Length));
        bytes[60] ^= 1;
        using MappedFile damaged = MappedFile.FromBytes("test.zip", bytes);
        Assert.Contains("damaged", Assert.Throws<CriaException>(() => ZipContent.Bytes(damaged, ZipDirectory.TryRead(damaged)![0], Model.Length)).Message, StringComparison.Ordinal);
    }

    private static byte[] Model { get; } = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7 + i / 251))];

    private static byte[] Archive(int bytesBefore, long largest)
    {
        using var stream = new MemoryStream();
        stream.Write(new byte[bytesBefore]);
        var writer = new ZipWriter(stream, largest);
        writer.Add(".args", "-m\nx\n"u8.ToArray());
        writer.Add("ä/model.gguf", Model, Alignment);
        writer.Add("empty", ReadOnlyMemory<byte>.Empty);
        writer.Finish();
        return stream.ToArray();
    }
}
