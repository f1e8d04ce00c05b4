using Cria.Tests;

namespace Cria.Cli.Tests.Commands;

public class ConvertCommandTests(TinyModel model)
{
    [Fact]
    public async Task Converts_to_a_folder_and_back()
    {
        string folder = Path.Combine(model.Folder, "tiny-hf"), back = Path.Combine(model.Folder, "tiny-back.gguf");
        Assert.StartsWith($"{folder}: ", (await CriaProcess.Run("convert", model.Path, folder, "--type", "f32")).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("parameters", (await CriaProcess.Run("convert", folder, back)).Succeeded(), StringComparison.Ordinal);
        string[] arguments = ["tokenize", "-m", back, "the thing"];
        Assert.Equal((await CriaProcess.Run("tokenize", "-m", model.Path, "the thing")).Succeeded(), (await CriaProcess.Run(arguments)).Succeeded());
        Assert.Contains("is there already", (await CriaProcess.Run("convert", model.Path, folder)).Failed(), StringComparison.Ordinal);
        Assert.Contains("--type wants F32, F16 or BF16", (await CriaProcess.Run("convert", model.Path, back, "--type", "Q8_0")).Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Splits_and_joins()
    {
        string stem = Path.Combine(model.Folder, "pieces"), joined = Path.Combine(model.Folder, "joined.gguf");
        string[] parts = (await CriaProcess.Run("split", NanoGoldens.GgufPath("Q8_0"), stem, "--size", "0.8M")).Succeeded().TrimEnd().Split('\n');
        Assert.Equal(4, parts.Length);
        Assert.StartsWith($"{stem}-00001-of-00004.gguf: ", parts[0], StringComparison.Ordinal);
        Assert.Contains("from 4 parts", (await CriaProcess.Run("join", $"{stem}-00003-of-00004.gguf", joined)).Succeeded(), StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllBytesAsync(NanoGoldens.GgufPath("Q8_0"), TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(joined, TestContext.Current.CancellationToken));
        (await CriaProcess.Run("split", joined, stem, "--cut", "-s", "1M")).Succeeded();
        Assert.Contains("from 3 parts", (await CriaProcess.Run("join", $"{stem}.cat0", joined)).Succeeded(), StringComparison.Ordinal);
        File.Delete($"{stem}.cat1");
        Assert.Contains("pieces.cat1 is missing", (await CriaProcess.Run("join", $"{stem}.cat0", joined)).Failed(), StringComparison.Ordinal);
        Assert.Contains("--size wants a number of bytes", (await CriaProcess.Run("split", joined, "-s", "big")).Refused(), StringComparison.Ordinal);
    }
}
