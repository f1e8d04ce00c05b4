using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Cria.Cli.Tests.Commands;

public class RunCommandTests(TinyModel model)
{
    [Fact]
    public async Task Gives_the_same_answer_for_the_same_seed_whatever_the_threads_and_the_way_the_prompt_comes()
    {
        string first = (await CriaProcess.Run("run", "-m", model.Path, "-n", "20", "--seed", "5", "-t", "1", "Hello")).Succeeded();
        Assert.NotEmpty(first.Trim());
        Assert.Equal(first, (await CriaProcess.RunWith("Hello", "run", "-m", model.Path, "-n", "20", "--seed", "5", "-t", "2", "-")).Succeeded());
        Assert.NotEqual(first, (await CriaProcess.Run("run", "-m", model.Path, "-n", "20", "--seed", "6", "Hello")).Succeeded());
    }

    [Fact]
    public async Task Prints_one_json_object_when_asked()
    {
        using JsonDocument json = JsonDocument.Parse((await CriaProcess.Run("run", "-m", model.Path, "-n", "7", "--temp", "0", "--json", "Hello")).Succeeded());
        JsonElement root = json.RootElement;
        // The tiny template: beginning, header of three, two line breaks, text, end of turn, header of three, two line breaks; "user" and "assistant" by letters.
        Assert.Equal(7, root.GetProperty("tokens").GetProperty("generated").GetInt32());
        Assert.Equal(1 + (1 + 4 + 1 + 2) + 5 + 1 + (1 + 9 + 1 + 2), root.GetProperty("tokens").GetProperty("prompt").GetInt32());
        Assert.Equal("length", root.GetProperty("finishReason").GetString());
        Assert.True(root.GetProperty("timings").GetProperty("promptSeconds").GetDouble() > 0);
        string text = (await CriaProcess.Run("run", "-m", model.Path, "-n", "7", "--temp", "0", "Hello")).Succeeded();
        Assert.Equal(root.GetProperty("text").GetString()!.TrimEnd('\n'), text.TrimEnd('\n'));
    }

    [Fact]
    public async Task Stops_before_a_stop_text()
    {
        string whole = (await CriaProcess.Run("run", "-m", model.Path, "-n", "30", "--temp", "0", "--raw", "Hello")).Succeeded().TrimEnd('\n');
        string stop = whole.Substring(5, 3);
        string cut = (await CriaProcess.Run("run", "-m", model.Path, "-n", "30", "--temp", "0", "--raw", "--stop", "never there", "--stop", stop, "Hello")).Succeeded().TrimEnd('\n');
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)].TrimEnd('\n'), cut);
    }

    [Fact]
    public async Task Says_what_the_answer_cost_when_asked()
    {
        CriaProcess.Result result = await CriaProcess.Run("run", "-m", model.Path, "-n", "3", "--stats", "Hello");
        result.Succeeded();
        Assert.Matches(@"^prompt 28 tokens, .* t/s · answer 3 tokens, .* t/s, cut at the limit\n$", result.Error);
        Assert.Empty((await CriaProcess.Run("run", "-m", model.Path, "-n", "3", "Hello")).Error);
    }

    [Fact]
    public async Task Takes_words_that_look_like_options_or_values_for_the_prompt()
    {
        string expected = (await CriaProcess.RunWith("true", "run", "-m", model.Path, "-n", "5", "--temp", "0", "--raw")).Succeeded();
        Assert.Equal(expected, (await CriaProcess.Run("run", "-m", model.Path, "-n", "5", "--temp", "0", "--raw", "true")).Succeeded());
        (await CriaProcess.Run("run", "-m", model.Path, "-n", "1", "--presence-penalty", "-0.5", "--", "--help me")).Succeeded();
    }

    [Fact]
    public async Task Refuses_a_prompt_longer_than_the_context_and_never_cuts_it()
    {
        CriaProcess.Result result = await CriaProcess.RunWith(new string('x', TinyModel.ContextLength), "run", "-m", model.Path, "--raw", "-");
        Assert.Contains("512", result.Failed(), StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.Contains("context holds 20", (await CriaProcess.Run("run", "-m", model.Path, "-c", "20", "Hello")).Failed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_in_one_line_what_is_wrong()
    {
        Assert.Contains("no such file", (await CriaProcess.Run("run", "-m", Path.Combine(model.Folder, "absent.gguf"), "x")).Failed(), StringComparison.Ordinal);
        Assert.Contains("not a GGUF file", (await CriaProcess.Run("run", "-m", model.Changed("run-magic.gguf", bytes => [.. "PK"u8, .. bytes[2..]]), "x")).Failed(), StringComparison.Ordinal);
        Assert.Contains("cut short", (await CriaProcess.Run("run", "-m", model.Changed("run-cut.gguf", bytes => bytes[..(bytes.Length / 2)]), "x")).Failed(), StringComparison.Ordinal);
        Assert.Contains("not valid UTF-8", (await CriaProcess.RunWith([0xc3, 0x28], "run", "-m", model.Path, "-")).Failed(), StringComparison.Ordinal);
        Assert.Contains("empty", (await CriaProcess.Run("run", "-m", model.Path)).Failed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refuses_options_that_make_no_sense_as_usage_errors()
    {
        Assert.Equal("cria: --temp wants a number from 0 to 1000, not 'hot'", (await CriaProcess.Run("run", "--temp", "hot", "x")).Refused());
        Assert.Equal("cria: --kv-type wants f32, i16, f16, i8, q8_0 or q4_0, not 'q8'", (await CriaProcess.Run("run", "--kv-type", "q8", "x")).Refused());
        Assert.Contains("--system", (await CriaProcess.Run("run", "--raw", "--system", "a", "x")).Refused(), StringComparison.Ordinal);
        Assert.Contains("--rope-factor", (await CriaProcess.Run("run", "-m", model.Path, "--rope-scaling", "yarn", "x")).Refused(), StringComparison.Ordinal);
        Assert.Contains("--min-tokens", (await CriaProcess.Run("run", "-n", "1", "--min-tokens", "2", "x")).Refused(), StringComparison.Ordinal);
        Assert.Contains("--logit-bias", (await CriaProcess.Run("run", "--logit-bias", "x", "x")).Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stretches_the_context_with_the_rotary_factor()
    {
        string prompt = new('x', TinyModel.ContextLength + 100);
        (await CriaProcess.RunWith(prompt, "run", "-m", model.Path, "--raw", "-n", "1", "--rope-scaling", "yarn", "--rope-factor", "2", "-")).Succeeded();
    }

    [Fact]
    public async Task Ends_with_130_on_ctrl_c()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no SIGINT to send to another process on Windows");
        // Without the tokens that end it the answer goes on; the context is large enough for minutes.
        using Process process = CriaProcess.Start("run", "-m", model.Path, "-c", "1000000", "--seed", "1", "--logit-bias", "259:-inf", "--logit-bias", "262:-inf", "--raw", "Hello");
        process.StandardInput.Close();
        var first = new char[1];
        Assert.Equal(1, await process.StandardOutput.ReadAsync(first, TestContext.Current.CancellationToken));
        Assert.Equal(0, Kill(process.Id, 2));
        CriaProcess.Result result = await CriaProcess.Finish(process, process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(130, result.ExitCode);
        Assert.Empty(result.Error);
    }

    [Fact]
    public async Task Stops_when_the_reader_of_its_output_has_gone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows tells writers of a closed pipe in another way");
        using Process process = CriaProcess.Start("run", "-m", model.Path, "-c", "1000000", "--seed", "1", "--logit-bias", "259:-inf", "--logit-bias", "262:-inf", "--raw", "Hello");
        process.StandardInput.Close();
        Assert.Equal(1, await process.StandardOutput.ReadAsync(new char[1], TestContext.Current.CancellationToken));
        process.StandardOutput.Close();
        CriaProcess.Result result = await CriaProcess.Finish(process, Task.FromResult(""), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Error);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
