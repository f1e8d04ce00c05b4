using System.IO.Compression;
using Cria.Tensors.Formats.Zip;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Tests.Formats.Zip;

public sealed class ZipDirectoryTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void Members_lie_where_the_directory_says(int bytesBefore)
    {
        byte[] bytes = [.. new byte[bytesBefore], .. Archive()];
        using MappedFile file = MappedFile.FromBytes("test.zip", bytes);
        IReadOnlyList<ZipMember> members = ZipDirectory.TryRead(file)!;
        Assert.Equal(["a/stored", "packed", "empty"], members.Select(member => member.Name));
        Assert.True(members[0].IsStored);
        Assert.Equal("content"u8.ToArray(), file.Span(members[0].Start, (int)members[0].Length).ToArray());
        Assert.False(members[1].IsStored);
        Assert.Equal(0, members[2].Length);
    }

    [Fact]
    public void A_file_without_a_directory_is_no_archive()
    {
        using MappedFile file = MappedFile.FromBytes("test", new byte[100_000]);
        Assert.Null(ZipDirectory.TryRead(file));
        using MappedFile small = MappedFile.FromBytes("test", new byte[3]);
        Assert.Null(ZipDirectory.TryRead(small));
    }

    [Fact]
    public void Thousands_of_mutated_archives_are_read_or_refused_with_one_line()
    {
        byte[] whole = Archive();
        int refused = 0;
        for (int seed = 0; seed < 5000; seed++)
        {
            byte[] bytes = Mutation.Of(whole, seed, whole.Length);
            using MappedFile file = MappedFile.FromBytes("test.zip", bytes);
            try
            {
                foreach (ZipMember member in ZipDirectory.TryRead(file) ?? [])
                    if (member.IsStored) _ = file.Span(member.Start, (int)member.Length);
            }
            catch (CriaException failure)
            {
                Assert.StartsWith("test.zip", failure.Message, StringComparison.Ordinal);
                Assert.DoesNotContain(failure.Message, char.IsControl);
                refused++;
            }
        }
        Assert.InRange(refused, 500, 4999);
    }

    private static byte[] Archive()
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("a/stored", "content", CompressionLevel.NoCompression);
            Add("packed", new string('x', 1000), CompressionLevel.Optimal);
            Add("empty", "", CompressionLevel.NoCompression);

            void Add(string name, string content, CompressionLevel level)
            {
                using var writer = new StreamWriter(archive.CreateEntry(name, level).Open());
                writer.Write(content);
            }
        }
        return stream.ToArray();
    }
}
