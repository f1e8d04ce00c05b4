using System.Diagnostics;
using System.Text.Json;

namespace Cria.Cli.Tests.Commands;

/// <summary><c>cria eval niah</c>, <c>ruler</c> and <c>positions</c> as processes.</summary>
public sealed class EvalNiahCommandTests(TinyModel model)
{
    private static readonly string[] Small = ["--needle", " N {}.", "--prefix", "", "--question", "Q:", "--lead-in", "", "--rnd-number-digits", "2"];

    [Fact]
    public async Task Writes_a_map_and_does_not_run_it_twice()
    {
        string folder = Path.Combine(model.Folder, "map");
        string[] command = ["eval", "niah", "-m", model.Path, "--max-context-length", "300", "--min-context-length", "150", "--context-interval", "150", "--depth-interval", "0.5", .. Small, "-o", folder];
        CriaProcess.Result first = await CriaProcess.Run(command);
        Assert.Contains("written freely", first.Succeeded(), StringComparison.Ordinal);
        foreach (string file in new[] { "report.html", "heatmap.svg", "heatmap-written.svg", "results.json", "results.csv", "cells.jsonl" }) Assert.True(File.Exists(Path.Combine(folder, file)), file);
        byte[] cells = await File.ReadAllBytesAsync(Path.Combine(folder, "cells.jsonl"), TestContext.Current.CancellationToken);
        CriaProcess.Result second = await CriaProcess.Run([.. command, "--json"]);
        using JsonDocument json = JsonDocument.Parse(second.Succeeded());
        Assert.Equal(6, json.RootElement.GetProperty("cells").GetArrayLength());
        Assert.Equal(cells, await File.ReadAllBytesAsync(Path.Combine(folder, "cells.jsonl"), TestContext.Current.CancellationToken));
        Assert.Contains("other settings", (await CriaProcess.Run([.. command, "--seed", "7"])).Failed(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--max-context-length 100 --min-context-length 200", "below the shortest")]
    [InlineData("--max-context-length 100", "no room for the needle")]
    [InlineData("--max-context-length 400 --generator-tokens 5000", "built-in sentences")]
    [InlineData("--max-context-length 400 --haystack-dir /nowhere", "no such folder")]
    [InlineData("--max-context-length 1000000000", "GiB")]
    [InlineData("--max-context-length 400 --min-context-length 400 -c 300", "room for 300")]
    public async Task Bad_input_is_one_clear_line(string arguments, string expected) =>
        Assert.Contains(expected, (await CriaProcess.Run(["eval", "niah", "-m", model.Path, .. arguments.Split(' ')])).Failed(), StringComparison.Ordinal);

    [Fact]
    public async Task Ruler_prints_a_table_and_refuses_what_does_not_fit()
    {
        // A token a byte: the shortest variable tracking has some thousand.
        string output = (await CriaProcess.Run("eval", "ruler", "-m", model.Path, "--tasks", "niah_single_1", "--lengths", "1500", "--samples", "1")).Succeeded();
        Assert.Contains("| niah_single_1 | 0.0 |", output, StringComparison.Ordinal);
        Assert.Contains("does not fit", (await CriaProcess.Run("eval", "ruler", "-m", model.Path, "--tasks", "vt", "--lengths", "512", "--samples", "1")).Failed(), StringComparison.Ordinal);
        Assert.Contains("--haystack-dir", (await CriaProcess.Run("eval", "ruler", "-m", model.Path, "--lengths", "2000")).Failed(), StringComparison.Ordinal);
        Assert.Contains("not a task", (await CriaProcess.Run("eval", "ruler", "-m", model.Path, "--tasks", "qa_1", "--lengths", "2000")).Failed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Positions_and_search_measure_texts()
    {
        string text = Path.Combine(model.Folder, "text.txt"), plot = Path.Combine(model.Folder, "loss.svg"), extended = Path.Combine(model.Folder, "searched.gguf");
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 60)), TestContext.Current.CancellationToken);
        string table = (await CriaProcess.Run("eval", "positions", "-m", model.Path, "-d", text, "-c", "400", "--stretches", "4", "--plot", plot)).Succeeded();
        Assert.Contains("299–398", table, StringComparison.Ordinal);
        Assert.Contains("<svg", await File.ReadAllTextAsync(plot, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        string search = (await CriaProcess.Run("extend", "-m", model.Path, "-c", "700", "--search", "-d", text, "--points", "3", "--refine", "1", "--plot", plot, "-o", extended)).Succeeded();
        Assert.Contains("best", search, StringComparison.Ordinal);
        Assert.Contains("critical", search, StringComparison.Ordinal);
        Assert.True(File.Exists(extended));
        Assert.Contains("--join", (await CriaProcess.Run("eval", "positions", "-m", model.Path, "-d", text, "-c", "100000")).Failed(), StringComparison.Ordinal);
        Assert.Contains("--data", (await CriaProcess.Run("extend", "-m", model.Path, "-c", "700", "--search")).Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_map_stopped_by_a_signal_says_how_far_it_is()
    {
        string folder = Path.Combine(model.Folder, "stopped");
        using Process process = CriaProcess.Start(["eval", "niah", "-m", model.Path, "--max-context-length", "500", "--min-context-length", "100", "--context-interval", "2", "--depth-interval", "0.05", .. Small, "-o", folder]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string journal = Path.Combine(folder, "cells.jsonl");
        while (!process.HasExited && (!File.Exists(journal) || new FileInfo(journal).Length < 2000)) await Task.Delay(50, TestContext.Current.CancellationToken);
        using (Process.Start("kill", ["-INT", $"{process.Id}"])) { }
        CriaProcess.Result result = await CriaProcess.Finish(process, output, error);
        Assert.Equal(130, result.ExitCode);
        Assert.Matches("stopped: [0-9]+ of 4221 needles are in .*; the same command goes on", result.Error);
        Assert.False(File.Exists(Path.Combine(folder, "report.html")));
    }
}
