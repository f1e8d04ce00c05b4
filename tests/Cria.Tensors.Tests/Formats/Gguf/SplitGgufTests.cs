using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Tensors.Tests.Formats.Gguf;

public sealed class SplitGgufTests
{
    [Fact]
    public void Parts_read_together_are_the_model_they_were_split_from()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<string> paths = Split(folder);
        Assert.True(paths.Count > 2);
        foreach (string path in paths)
        {
            using GgufReader reader = GgufReader.Open(path);
            Assert.Equal(paths[0], reader.Path);
            Assert.Equal(paths.Count, reader.PartCount);
            using var joined = new MemoryStream();
            GgufWriter.Write(joined, reader.Entries, reader.Tensors.Select(info => TensorContent.From(reader, info)).ToArray());
            Assert.Equal(SmallGguf.Bytes(), joined.ToArray());
        }
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<string> paths = Split(folder);
        File.Delete(paths[1]);
        var failure = Assert.Throws<CriaException>(() => GgufReader.Open(paths[0]));
        Assert.StartsWith($"{paths[1]}: part 2 of {paths.Count} is missing", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_in_the_wrong_order_are_refused()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<string> paths = Split(folder);
        File.Move(paths[1], folder.File("aside"));
        File.Move(paths[2], paths[1]);
        File.Move(folder.File("aside"), paths[2]);
        var failure = Assert.Throws<CriaException>(() => GgufReader.Open(paths[0]));
        Assert.StartsWith($"{paths[1]} does not say that it is part 2 of {paths.Count}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_renamed_part_is_refused_with_the_names_it_needs()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<string> paths = Split(folder);
        File.Move(paths[0], folder.File("model.gguf"));
        var failure = Assert.Throws<CriaException>(() => GgufReader.Open(folder.File("model.gguf")));
        Assert.Contains($"NAME-00001-of-{paths.Count:D5}.gguf", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_that_together_lack_tensors_are_refused()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<string> paths = Split(folder);
        GgufEntry[] entries =
        [
            new("split.no", GgufValueType.UInt16, (ushort)(paths.Count - 1)),
            new("split.count", GgufValueType.UInt16, (ushort)paths.Count),
        ];
        GgufWriter.Write(paths[^1], entries, []);
        var failure = Assert.Throws<CriaException>(() => GgufReader.Open(paths[0]));
        Assert.Contains("tensors instead of", failure.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Split(TemporaryFolder folder) =>
        GgufSplitter.Split(folder.File("small"), 1000, SmallGguf.Entries, SmallGguf.Tensors());
}
