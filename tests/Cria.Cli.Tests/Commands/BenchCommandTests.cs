using System.Text.Json;

namespace Cria.Cli.Tests.Commands;

public class BenchCommandTests(TinyModel model)
{
    [Fact]
    public async Task Measures_every_test_on_every_number_of_threads()
    {
        using JsonDocument json = JsonDocument.Parse((await CriaProcess.Run("bench", "-m", model.Path, "-p", "16,32", "-n", "4", "-t", "1,2", "-r", "2", "-o", "json")).Succeeded());
        Assert.Equal(
            ["1 prompt 16", "1 prompt 32", "1 answer 4", "2 prompt 16", "2 prompt 32", "2 answer 4"],
            json.RootElement.EnumerateArray().Select(row => $"{row.GetProperty("threads").GetInt32()} {row.GetProperty("test").GetString()}"));
        Assert.All(json.RootElement.EnumerateArray(), row =>
        {
            Assert.True(row.GetProperty("tokensPerSecond").GetDouble() > 0);
            Assert.Equal(2, row.GetProperty("seconds").GetArrayLength());
        });
    }

    [Fact]
    public async Task Prints_a_markdown_table()
    {
        string[] lines = (await CriaProcess.Run("bench", "-m", model.Path, "-p", "0", "-n", "2", "-d", "70", "-r", "1")).Succeeded().TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Single(lines.Select(line => line.Count(c => c == '|')).Distinct());
        Assert.Contains("answer 2 after 70", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Measures_at_depths_beyond_the_context()
    {
        // The model's own context is 512.
        string[] lines = (await CriaProcess.Run("bench", "-m", model.Path, "-p", "8", "-n", "2", "-d", "0,40,700", "-r", "1", "-ctk", "f32")).Succeeded().TrimEnd('\n').Split('\n');
        Assert.Equal(8, lines.Length);
        Assert.Contains("prompt 8 after 700", lines[6], StringComparison.Ordinal);
        Assert.Contains("answer 2 after 700", lines[7], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refuses_cache_types_that_do_not_fit_and_lists_that_are_none()
    {
        Assert.Contains("heads have 16 features", (await CriaProcess.Run("bench", "-m", model.Path, "-p", "8", "-n", "0", "-r", "1", "-ctk", "q4_0")).Failed(), StringComparison.Ordinal);
        Assert.Contains("--threads wants whole numbers", (await CriaProcess.Run("bench", "-t", "1;2")).Refused(), StringComparison.Ordinal);
    }
}
