using Cria.Models;
using Cria.Packing;
using Cria.Tensors.Formats;

namespace Cria.Cli.Tests.Commands;

/// <summary><c>cria extend</c> as a process.</summary>
public sealed class ExtendCommandTests(TinyModel model)
{
    [Fact]
    public async Task Writes_a_model_with_a_longer_context_and_prints_its_base()
    {
        string path = Path.Combine(model.Folder, "longer.gguf");
        string output = (await CriaProcess.Run("extend", "-m", model.Path, "-c", "4096", "--rule", "critical", "-o", path)).Succeeded();
        Assert.Contains("theta", output, StringComparison.Ordinal);
        using ITensorSource source = ModelSource.Open(path);
        LlamaConfig config = LlamaConfig.From(source);
        Assert.Equal(4096, config.ContextLength);
        Assert.Equal(1, config.RopeTheta / Math.Pow(500000, Math.Log(4096 / (2 * Math.PI)) / Math.Log(512 / (2 * Math.PI))), 1e-6);
    }

    [Fact]
    public async Task Prints_the_cards_schedule()
    {
        string output = (await CriaProcess.Run("extend", "--schedule", "gradient")).Succeeded();
        foreach (string value in new[] { "15,296,098.404", "207,112,190.370", "1,062,356,863.349", "2,804,339,921.714", "45,218,125,209.670", "283,461,213" }) Assert.Contains(value, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("512", "already")]
    [InlineData("4096 --rule critical --factor 2", "no factor")]
    [InlineData("4096 --stages 2048,1024", "stage 1024")]
    public async Task Contradictions_are_one_clear_line(string arguments, string expected) =>
        Assert.Contains(expected, (await CriaProcess.Run(["extend", "-m", model.Path, "-c", .. arguments.Split(' ')])).Failed(), StringComparison.Ordinal);

    [Theory]
    [InlineData("-c 4096 --theta 1e6 --rule ntk", "contradict")]
    [InlineData("--rule ntk", "--context is missing")]
    public async Task A_command_line_that_makes_no_sense_is_refused(string arguments, string expected) =>
        Assert.Contains(expected, (await CriaProcess.Run(["extend", "-m", model.Path, .. arguments.Split(' ')])).Refused(), StringComparison.Ordinal);
}
