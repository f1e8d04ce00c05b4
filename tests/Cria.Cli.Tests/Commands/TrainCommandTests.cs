using System.Diagnostics;

namespace Cria.Cli.Tests.Commands;

public class TrainCommandTests(TinyModel model)
{
    [Fact]
    public async Task A_killed_run_goes_on_with_the_same_losses_bit_for_bit()
    {
        string data = Data("killed.jsonl"), whole = Path.Combine(model.Folder, "whole"), killed = Path.Combine(model.Folder, "killed");
        string[] flags = ["-m", model.Path, "-d", data, "--length", "48", "--batch", "2", "--steps", "100", "--learning-rate", "1e-3", "--warmup", "10", "--validation-share", "0.2", "--evaluate-every", "40", "-t", "2"];
        (await CriaProcess.Run(["train", .. flags, "-o", whole])).Succeeded();
        using (Process process = CriaProcess.Start(["train", .. flags, "-o", killed, "--save-every", "1"]))
        {
            string log = Path.Combine(killed, "log.csv");
            var patience = Stopwatch.StartNew();
            while (!(File.Exists(Path.Combine(killed, "checkpoint.safetensors")) && File.Exists(log) && ReadShared(log).Length > 8) && !process.HasExited && patience.Elapsed < TimeSpan.FromSeconds(60)) await Task.Delay(5, TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Assert.True(ReadShared(Path.Combine(killed, "log.csv")).Length < 100, "the run was over before it was killed");
        string refused = (await CriaProcess.Run(["train", .. flags, "-o", killed])).Failed();
        Assert.Contains("--resume", refused, StringComparison.Ordinal);
        (await CriaProcess.Run(["train", .. flags, "-o", killed, "--resume"])).Succeeded();
        Assert.Equal(Losses(whole), Losses(killed));
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(whole, "model.gguf"), TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(Path.Combine(killed, "model.gguf"), TestContext.Current.CancellationToken));
        Assert.Contains("<svg", await File.ReadAllTextAsync(Path.Combine(whole, "loss.svg"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Learns_a_text_from_options_in_a_file_and_the_model_says_it()
    {
        string data = Path.Combine(model.Folder, "said.txt"), folder = Path.Combine(model.Folder, "said"), config = Path.Combine(model.Folder, "said.json");
        await File.WriteAllTextAsync(data, string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 40)), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(config, $$"""
            // Options by name.
            {"model": "{{model.Path}}", "data": ["{{data}}"], "steps": 1, "learning-rate": 0.003, "batch": 2, "length": 64, "schedule": "constant", "type": "Q8_0", "bf16": false}
            """, TestContext.Current.CancellationToken);
        string said = (await CriaProcess.Run("train", "--config", config, "-o", folder, "--steps", "120")).Succeeded();
        Assert.StartsWith("120 steps done", said, StringComparison.Ordinal);
        string text = (await CriaProcess.Run("run", "-m", Path.Combine(folder, "model.gguf"), "--raw", "--temp", "0", "-n", "12", "the cat sat")).Succeeded();
        Assert.StartsWith(" on the mat", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Learns_an_adapter_that_other_commands_take()
    {
        string data = Path.Combine(model.Folder, "adapted.txt"), folder = Path.Combine(model.Folder, "adapted");
        await File.WriteAllTextAsync(data, string.Concat(Enumerable.Repeat("one two three four. ", 40)), TestContext.Current.CancellationToken);
        string[] flags = ["train", "-m", model.Path, "-d", data, "-o", folder, "--batch", "2", "--length", "64", "--learning-rate", "0.01", "--schedule", "constant", "--lora-rank", "12", "--lora-dropout", "0.05"];
        (await CriaProcess.Run([.. flags, "--steps", "60"])).Succeeded();
        (await CriaProcess.Run([.. flags, "--steps", "120", "--resume"])).Succeeded();
        Assert.False(File.Exists(Path.Combine(folder, "model.gguf")));
        string[] asking = ["run", "-m", model.Path, "--raw", "--temp", "0", "-n", "12", "one two"];
        Assert.DoesNotContain(" three", (await CriaProcess.Run(asking)).Succeeded(), StringComparison.Ordinal);
        Assert.StartsWith(" three", (await CriaProcess.Run([.. asking, "--lora", folder])).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("--lora-rank is missing", (await CriaProcess.Run("train", "-m", model.Path, "-d", data, "-o", folder, "--resume", "--lora-alpha", "4")).Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_what_is_missing_and_what_is_wrong()
    {
        string data = Data("wrong.jsonl"), folder = Path.Combine(model.Folder, "never"), broken = Path.Combine(model.Folder, "broken.jsonl"), config = Path.Combine(model.Folder, "wrong.json");
        await File.WriteAllTextAsync(broken, "{\"text\": \"fine\"}\nnot json\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(config, "{\"learning-speed\": 1}", TestContext.Current.CancellationToken);
        Assert.Contains("--data is missing", (await CriaProcess.Run("train", "-m", model.Path, "-o", folder)).Refused(), StringComparison.Ordinal);
        Assert.Contains("broken.jsonl", (await CriaProcess.Run("train", "-m", model.Path, "-o", folder, "-d", broken)).Failed(), StringComparison.Ordinal);
        Assert.Contains("no option 'learning-speed'", (await CriaProcess.Run("train", "--config", config, "-m", model.Path)).Failed(), StringComparison.Ordinal);
        Assert.Contains("longer than the model's context of 512", (await CriaProcess.Run("train", "-m", model.Path, "-o", folder, "-d", data, "--length", "1024")).Failed(), StringComparison.Ordinal);
        Assert.Contains("is not there to go on from", (await CriaProcess.Run("train", "-m", model.Path, "-o", folder, "-d", data, "--resume")).Failed(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    private string Data(string name)
    {
        string path = Path.Combine(model.Folder, name);
        File.WriteAllLines(path, Enumerable.Range(0, 40).Select(i => i % 2 == 0
            ? $$"""{"text": "the number {{i}} and the next one"}"""
            : $$"""{"messages": [{"role": "user", "content": "{{i}}?"}, {"role": "assistant", "content": "the {{i + 1}}"}]}"""));
        return path;
    }

    private static string[] ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The log without its last column, the speed.</summary>
    private static string[] Losses(string folder) => [.. File.ReadAllLines(Path.Combine(folder, "log.csv")).Select(line => line[..line.LastIndexOf(',')])];
}
