using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Tests.Packing;

public sealed class FilePartsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Split_gguf_files_join_to_the_file_they_came_from()
    {
        using (ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath("Q4_K_M")))
            Assert.True(FileParts.SplitGguf(source, PathOf("nano"), 300_000, cancellationToken: TestContext.Current.CancellationToken).Count > 3);
        int parts = FileParts.Join(Directory.GetFiles(folder).Order().ElementAt(1), PathOf("joined.gguf"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Directory.GetFiles(folder, "nano-*").Length, parts);
        Assert.Equal(File.ReadAllBytes(NanoGoldens.GgufPath("Q4_K_M")), File.ReadAllBytes(PathOf("joined.gguf")));
    }

    [Fact]
    public void Pieces_join_to_the_file_they_were_cut_from()
    {
        Cut();
        Assert.Equal(16, FileParts.Join(PathOf("nano.gguf.cat0"), PathOf("nano.gguf"), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(File.ReadAllBytes(NanoGoldens.GgufPath("Q4_K_M")), File.ReadAllBytes(PathOf("nano.gguf")));
    }

    [Fact]
    public void Missing_and_short_pieces_are_refused_and_nothing_is_written()
    {
        Cut();
        string last = PathOf("nano.gguf.cat15");
        byte[] bytes = File.ReadAllBytes(last);
        File.WriteAllBytes(last, bytes[..^2000]);
        Assert.Contains("make no whole model", Refused(PathOf("nano.gguf.cat3")), StringComparison.Ordinal);
        File.Delete(PathOf("nano.gguf.cat7"));
        Assert.Contains("nano.gguf.cat7 is missing", Refused(PathOf("nano.gguf.cat0")), StringComparison.Ordinal);
        Assert.Contains("not named like a part", Refused(PathOf("nano.gguf")), StringComparison.Ordinal);
        Assert.Contains("no such file", Refused(PathOf("none.cat0")), StringComparison.Ordinal);
        Assert.False(File.Exists(PathOf("out.gguf")));
        Assert.Empty(Directory.GetFiles(folder, "*.partial"));

        string Refused(string part) => Assert.Throws<CriaException>(() => FileParts.Join(part, PathOf("out.gguf"), cancellationToken: TestContext.Current.CancellationToken)).Message;
    }

    private void Cut() => Assert.Equal(16, FileParts.Cut(NanoGoldens.GgufPath("Q4_K_M"), PathOf("nano.gguf"), 100_000, cancellationToken: TestContext.Current.CancellationToken).Count);

    private string PathOf(string name) => Path.Combine(folder, name);
}
