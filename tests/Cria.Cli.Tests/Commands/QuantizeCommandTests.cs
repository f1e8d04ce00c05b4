using Cria.Tests;

namespace Cria.Cli.Tests.Commands;

public class QuantizeCommandTests(TinyModel model)
{
    [Fact]
    public async Task Writes_the_reference_file_and_says_what_it_did()
    {
        string output = Path.Combine(model.Folder, "quantized.gguf");
        string said = (await CriaProcess.Run("quantize", NanoGoldens.GgufPath("F32"), output, "q4_k_m", "-t", "2")).Succeeded();
        Assert.StartsWith($"{output}: Q4_K_M, ", said, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllBytesAsync(NanoGoldens.GgufPath("Q4_K_M"), TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(output, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Explains_a_type_a_pattern_and_a_file_it_cannot_take()
    {
        string output = Path.Combine(model.Folder, "never.gguf");
        Assert.Contains("'Q4_K_XL' is not a file type; choose one of F32, ", (await CriaProcess.Run("quantize", model.Path, output, "Q4_K_XL")).Refused(), StringComparison.Ordinal);
        Assert.Contains("--output-type wants a tensor type", (await CriaProcess.Run("quantize", model.Path, output, "Q8_0", "--output-type", "Q9")).Refused(), StringComparison.Ordinal);
        Assert.Contains("REGEX=TYPE", (await CriaProcess.Run("quantize", model.Path, output, "Q8_0", "--tensor-type", "ffn")).Refused(), StringComparison.Ordinal);
        Assert.Contains("not a regular expression", (await CriaProcess.Run("quantize", model.Path, output, "Q8_0", "--tensor-type", "(=Q8_0")).Refused(), StringComparison.Ordinal);
        Assert.Contains("no such file", (await CriaProcess.Run("quantize", "none.gguf", output, "Q8_0")).Failed(), StringComparison.Ordinal);
        Assert.Contains("importance matrix cannot be read", (await CriaProcess.Run("quantize", model.Path, output, "Q8_0", "--imatrix", "none")).Failed(), StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }

    [Fact]
    public async Task W8A8_becomes_a_folder_that_runs_inspects_and_converts()
    {
        string output = Path.Combine(model.Folder, "w8a8"), text = Path.Combine(model.Folder, "calibration.txt"), back = Path.Combine(model.Folder, "w8a8-back.gguf");
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Repeat("Roses are red, violets are blue, 17 apples, and so are you.\n", 100)), TestContext.Current.CancellationToken);
        string said = (await CriaProcess.Run("quantize", SharedData.PathOf("goldens/nano/hf"), output, "w8a8", "--calibrate", text, "--smooth", "0.5")).Succeeded();
        Assert.StartsWith($"{output}: W8A8, smoothed at 0.5, ", said, StringComparison.Ordinal);
        Assert.Contains("W8A8", (await CriaProcess.Run("inspect", output)).Succeeded(), StringComparison.Ordinal);
        Assert.NotEmpty((await CriaProcess.Run("run", "-m", output, "--raw", "-n", "8", "Hello")).Succeeded());
        Assert.Contains("cannot hold the I8 weights", (await CriaProcess.Run("convert", output, back)).Failed(), StringComparison.Ordinal);
        (await CriaProcess.Run("convert", output, back, "--type", "F16")).Succeeded();
        Assert.Contains("is there already", (await CriaProcess.Run("quantize", SharedData.PathOf("goldens/nano/hf"), output, "W8A8")).Failed(), StringComparison.Ordinal);
        Assert.Contains("--smooth needs a text", (await CriaProcess.Run("quantize", model.Path, output + "2", "W8A8", "--smooth", "0.5")).Refused(), StringComparison.Ordinal);
        Assert.Contains("--pure has no meaning for W8A8", (await CriaProcess.Run("quantize", model.Path, output + "2", "W8A8", "--pure")).Refused(), StringComparison.Ordinal);
        Assert.Contains("--calibrate and --smooth go with W8A8", (await CriaProcess.Run("quantize", model.Path, output + "2.gguf", "Q8_0", "--calibrate", text)).Refused(), StringComparison.Ordinal);
    }
}
