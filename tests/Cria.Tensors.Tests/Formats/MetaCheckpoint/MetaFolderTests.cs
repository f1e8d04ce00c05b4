using Cria.Tensors.Formats;
using Cria.Tensors.Formats.MetaCheckpoint;
using Cria.Tests;

namespace Cria.Tensors.Tests.Formats.MetaCheckpoint;

public sealed class MetaFolderTests
{
    [Fact]
    public void Shards_that_are_missing_or_do_not_belong_are_refused()
    {
        string source = SharedData.PathOf("goldens/nano/meta");
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "params.json", "consolidated.00.pth", "consolidated.01.pth" }) File.WriteAllBytes(folder.File(name), File.ReadAllBytes(Path.Combine(source, name)));
        MetaFolder.Open(folder.Path).Dispose();
        File.Delete(folder.File("consolidated.00.pth"));
        Assert.Contains("consolidated.00.pth is missing", Assert.Throws<CriaException>(() => MetaFolder.Open(folder.Path)).Message, StringComparison.Ordinal);
        File.Delete(folder.File("consolidated.01.pth"));
        Assert.False(MetaFolder.IsOne(folder.Path));
    }

    [Fact]
    public void Scaled_rotary_frequencies_become_the_divisors_that_gguf_carries()
    {
        string source = SharedData.PathOf("goldens/nano/meta");
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "consolidated.00.pth", "consolidated.01.pth" }) File.WriteAllBytes(folder.File(name), File.ReadAllBytes(Path.Combine(source, name)));
        File.WriteAllText(folder.File("params.json"), File.ReadAllText(Path.Combine(source, "params.json")).Replace("}", ", \"use_scaled_rope\": true}", StringComparison.Ordinal));
        using ITensorSource model = MetaFolder.Open(folder.Path);
        Assert.True(model.TryGet("rope_freqs.weight", out TensorInfo info));
        Assert.Equal(131072, model.Metadata.Integer("llama.context_length"));
        Assert.Equal(16, info.ElementCount);
    }
}
