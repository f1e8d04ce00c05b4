using Cria.Tests;

namespace Cria.Cli.Tests.Commands;

/// <summary><c>cria train --stages</c>.</summary>
public class StagedTrainTests(TinyModel model)
{
    [Fact]
    public async Task Each_stage_begins_with_the_model_of_the_one_before_and_what_is_done_is_passed_over()
    {
        string folder = Path.Combine(model.Folder, "stages"), file = Write("stages.json", $$"""
            // Three stages.
            {"model": "{{model.Path}}", "data": ["{{Data()}}"], "output": "{{folder}}", "batch": 2, "length": 48, "learning-rate": 0.001, "schedule": "constant", "type": "Q8_0", "threads": 1, "stages": [
              {"name": "short", "steps": 4},
              {"context": 1024, "theta": 50000, "length": 96, "steps": 3, "batch": 1, "accumulate": 2},
              {"context": 2048, "rule": "critical", "length": 200, "steps": 2, "learning-rate": 2e-5},
            ]}
            """);
        string said = (await CriaProcess.Run("train", "--stages", file)).Succeeded();
        Assert.Equal(3, said.TrimEnd('\n').Split('\n').Length);
        Assert.Equal(["1-short", "2-1024", "3-2048"], Directory.EnumerateDirectories(folder).Select(Path.GetFileName).Order());
        string second = (await CriaProcess.Run("inspect", Path.Combine(folder, "2-1024", "model.gguf"), "--json")).Succeeded(), last = (await CriaProcess.Run("inspect", Path.Combine(folder, "3-2048", "model.gguf"))).Succeeded();
        Assert.Contains("1024", second, StringComparison.Ordinal);
        Assert.Contains("50000", second, StringComparison.Ordinal);
        Assert.Contains("2048", last, StringComparison.Ordinal);
        // Only what comes out is rounded.
        Assert.True(new FileInfo(Path.Combine(folder, "3-2048", "model.gguf")).Length < new FileInfo(Path.Combine(folder, "2-1024", "model.gguf")).Length / 2);

        string[] losses = File.ReadAllLines(Path.Combine(folder, "3-2048", "log.csv"));
        Assert.Contains("2e-05", losses[1], StringComparison.OrdinalIgnoreCase);
        Directory.Delete(Path.Combine(folder, "3-2048"), recursive: true);
        Assert.Contains("go on with --resume", (await CriaProcess.Run("train", "--stages", file)).Failed(), StringComparison.Ordinal);
        CriaProcess.Result resumed = await CriaProcess.Run("train", "--stages", file, "--resume");
        resumed.Succeeded();
        Assert.Contains("stage 2 of 3, 1024: done", resumed.Error, StringComparison.Ordinal);
        Assert.Equal(WithoutSpeed(losses), WithoutSpeed(File.ReadAllLines(Path.Combine(folder, "3-2048", "log.csv"))));
    }

    [Theory]
    [InlineData("""{"stages": []}""", "'stages' is not a list of objects")]
    [InlineData("""{"stages": [{"context": 1024}]}""", "stage 1 has no number of steps")]
    [InlineData("""{"stages": [{"steps": 3, "model": "x"}]}""", "stage 1 has 'model'")]
    [InlineData("""{"stages": [{"steps": 3, "speed": 1}]}""", "there is no option 'speed'")]
    [InlineData("""{"stages": [{"steps": 3, "name": "a/b"}]}""", "the name of stage 1")]
    public async Task A_stage_that_makes_no_sense_is_told_before_anything_begins(string json, string message)
    {
        string folder = Path.Combine(model.Folder, "never-staged");
        string line = (await CriaProcess.Run("train", "--stages", Write("wrong-stages.json", json), "-m", model.Path, "-d", Data(), "-o", folder)).Failed();
        Assert.Contains(message, line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task The_cards_stages_are_planned_from_the_file_that_ships()
    {
        string file = Path.Combine(Path.GetDirectoryName(SharedData.ShippedModel)!, "..", "docs", "stages", "gradient.json");
        string[] lines = (await CriaProcess.Run("train", "--stages", file, "--plan", "-m", "8B", "--device", "h100", "--shard-weights")).Succeeded().TrimEnd('\n').Split('\n');
        // Tokens of a step: those of a stage on the card over its steps.
        string[] tokens = ["2.10M", "4.19M", "8.39M", "16.8M", "16.8M"], rings = ["1 × ring of 8", "1 × ring of 32", "16 × ring of 32", "16 × ring of 32", "2 × ring of 256"];
        for (int i = 0; i < 5; i++)
        {
            Assert.Contains(tokens[i], lines[2 + i], StringComparison.Ordinal);
            Assert.Contains(rings[i], lines[2 + i], StringComparison.Ordinal);
        }
    }

    private string Data()
    {
        string path = Path.Combine(model.Folder, "staged.jsonl");
        if (!File.Exists(path)) File.WriteAllLines(path, Enumerable.Range(0, 40).Select(i => $$"""{"text": "the number {{i}} and the next one"}"""));
        return path;
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(model.Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static string[] WithoutSpeed(string[] lines) => [.. lines.Select(line => line[..line.LastIndexOf(',')])];
}
