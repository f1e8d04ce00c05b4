using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tests;

namespace Cria.Tensors.Tests.Formats.Gguf;

public sealed class GgufWriterTests
{
    public static TheoryData<string> FileTypes => NanoGoldens.FileTypeData;

    [Theory]
    [MemberData(nameof(FileTypes))]
    public void A_file_read_and_written_again_is_the_same_bit_for_bit(string fileType)
    {
        string path = NanoGoldens.GgufPath(fileType);
        using var folder = new TemporaryFolder();
        using (GgufReader reader = GgufReader.Open(path))
            GgufWriter.Write(folder.File("copy.gguf"), reader.Entries, reader.Tensors.Select(info => TensorContent.From(reader, info)).ToArray());
        Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(folder.File("copy.gguf"))));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Every_kind_of_setting_and_tensor_comes_back_as_it_was()
    {
        using GgufReader reader = GgufReader.FromBytes("small.gguf", SmallGguf.Bytes());
        Assert.Equal(SmallGguf.Entries.Select(entry => entry.Key), reader.Entries.Select(entry => entry.Key));
        Assert.Equal(SmallGguf.Entries.Select(entry => entry.Type), reader.Entries.Select(entry => entry.Type));
        Assert.Equal(SmallGguf.Entries.Select(entry => entry.Value), reader.Entries.Select(entry => entry.Value));
        Assert.Equal(SmallGguf.Tensors().Select(tensor => tensor.Info.Name), reader.Tensors.Select(info => info.Name));
        using var again = new MemoryStream();
        GgufWriter.Write(again, reader.Entries, reader.Tensors.Select(info => TensorContent.From(reader, info)).ToArray());
        Assert.Equal(SmallGguf.Bytes(), again.ToArray());
    }

    [Fact]
    public void A_failed_write_leaves_neither_a_file_nor_a_temporary()
    {
        using var folder = new TemporaryFolder();
        TensorContent tensor = SmallGguf.Tensors()[0];
        TensorContent failing = tensor with { Write = _ => throw new IOException("No space left on device") };
        var failure = Assert.Throws<CriaException>(() => GgufWriter.Write(folder.File("out.gguf"), SmallGguf.Entries, [tensor, failing]));
        Assert.Contains("out.gguf cannot be written: No space left on device", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
        TensorContent tooShort = tensor with { Write = stream => stream.Write([1, 2, 3]) };
        Assert.Throws<ArgumentException>(() => GgufWriter.Write(folder.File("out.gguf"), SmallGguf.Entries, [tooShort]));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }
}
