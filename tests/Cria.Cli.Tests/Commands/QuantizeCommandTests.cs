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
}
