namespace Cria.Cli.Tests.Commands;

public class NewCommandTests(TinyModel model)
{
    [Fact]
    public async Task Writes_a_model_that_inspects_and_runs()
    {
        string path = Path.Combine(model.Folder, "fresh.gguf");
        string[] shape = ["--hidden", "64", "--layers", "2", "--heads", "4", "--kv-heads", "2", "--ffn", "96", "-c", "128", "--tied", "--seed", "3"];
        Assert.StartsWith($"{path}: ", (await CriaProcess.Run(["new", "-o", path, "--tokenizer", model.Path, .. shape])).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("4 of size 16, 2 for keys and values", (await CriaProcess.Run("inspect", path)).Succeeded(), StringComparison.Ordinal);
        Assert.NotEmpty((await CriaProcess.Run("run", "-m", path, "the", "-n", "5", "--min-tokens", "5")).Succeeded());
    }

    [Fact]
    public async Task Explains_a_shape_and_a_vocabulary_it_cannot_take()
    {
        string path = Path.Combine(model.Folder, "never.gguf");
        Assert.Contains("cannot be shared by 3 heads", (await CriaProcess.Run("new", "-o", path, "--tokenizer", model.Path, "--hidden", "64", "--layers", "2", "--heads", "3")).Failed(), StringComparison.Ordinal);
        Assert.Contains("no such file", (await CriaProcess.Run("new", "-o", path, "--tokenizer", "none.gguf", "--hidden", "64", "--layers", "2", "--heads", "4")).Failed(), StringComparison.Ordinal);
        Assert.Contains("--layers wants", (await CriaProcess.Run("new", "-o", path, "--tokenizer", model.Path, "--hidden", "64", "--layers", "0", "--heads", "4")).Refused(), StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }
}
