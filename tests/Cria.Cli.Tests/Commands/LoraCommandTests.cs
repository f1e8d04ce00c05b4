using Cria.Adapters;

namespace Cria.Cli.Tests.Commands;

public class LoraCommandTests(TinyModel model)
{
    [Fact]
    public async Task An_adapter_is_applied_merged_and_converted()
    {
        string adapter = Path.Combine(model.Folder, "adapter"), gguf = Path.Combine(model.Folder, "adapter.gguf"), merged = Path.Combine(model.Folder, "merged.gguf");
        Adapter().Write(adapter, 16);
        string plain = await Answer("-m", model.Path), adapted = await Answer("-m", model.Path, "--lora", adapter);
        Assert.NotEqual(plain, adapted);
        Assert.Equal(plain, await Answer("-m", model.Path, "--lora", adapter + ":0"));
        Assert.Equal(adapted, await Answer("-m", model.Path, "--lora", adapter + ":0.5", "--lora", adapter + ":0.5"));
        (await CriaProcess.Run("lora", "merge", model.Path, adapter, merged)).Succeeded();
        Assert.Equal(adapted, await Answer("-m", merged));
        Assert.Contains("rank 4, 3 matrices", (await CriaProcess.Run("lora", "convert", adapter, gguf, "-m", model.Path)).Succeeded(), StringComparison.Ordinal);
        Assert.Equal(adapted, await Answer("-m", model.Path, "--lora", gguf));
    }

    [Fact]
    public async Task Explains_an_adapter_it_cannot_take()
    {
        Assert.Contains("there is no such adapter", (await CriaProcess.Run("run", "-m", model.Path, "--lora", "none:2", "hi")).Failed(), StringComparison.Ordinal);
        Assert.Contains("but no adapter", (await CriaProcess.Run("run", "-m", model.Path, "--lora", model.Path, "hi")).Failed(), StringComparison.Ordinal);
        Assert.Contains("ADAPTER[:SCALE] is missing", (await CriaProcess.Run("lora", "merge", model.Path)).Refused(), StringComparison.Ordinal);
    }

    private static async Task<string> Answer(params string[] arguments) =>
        (await CriaProcess.Run(["run", "--raw", "--temp", "0", "-n", "12", "--min-tokens", "12", .. arguments, "the thing"])).Succeeded();

    private static LoraAdapter Adapter()
    {
        var random = new Random(6);
        return new LoraAdapter("test", [Matrix("blk.0.attn_q", 64, 64), Matrix("blk.1.ffn_up", 96, 64), Matrix("blk.1.ffn_down", 64, 96)]);

        LoraMatrix Matrix(string name, int rows, int columns) => new(name + ".weight", 4, rows, columns, Values(4 * columns), Values(4 * rows), 8);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
    }
}
