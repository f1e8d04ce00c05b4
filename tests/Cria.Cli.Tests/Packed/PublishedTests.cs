using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using Cria.Tests;

namespace Cria.Cli.Tests.Packed;

/// <summary>The released program, trimmed and in one file, does what the one the tests are built with does.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PublishedTests(PublishedCria published, TinyModel model)
{
    [Fact]
    public async Task Is_small_and_answers_with_nothing_beside_it()
    {
        string folder = published.NewFolder(), program = Path.Combine(folder, "cria");
        File.Copy(PublishedCria.Linux, program);
        Assert.InRange(new FileInfo(program).Length, 1, 45_000_000);
        Assert.StartsWith("cria 0.1.0 (.NET 10.", (await published.Run(program, ["--version"])).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("cria-tiny", (await published.Run(program, ["run", "--temp", "0", "Who are you?"], from: "/")).Succeeded(), StringComparison.Ordinal);
        string chat = (await published.Run(program, ["chat", "--temp", "0"], "Mira has a red kite. Tom lives in the old mill. What colour is the kite?\nWhat is 3 + 4?\n")).Succeeded();
        Assert.Contains("red", chat, StringComparison.Ordinal);
        Assert.Contains("7", chat, StringComparison.Ordinal);
        Assert.Contains("cria run", (await published.Run(program, [])).Succeeded() + (await published.Run(program, ["run", "--help"])).Succeeded(), StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public async Task Serves_programs_and_people_and_reports_to_a_collector()
    {
        using Process server = published.Start(PublishedCria.Linux, ["serve", "--port", "0", "--no-browser", "--otlp", "http://127.0.0.1:9", "--log", "json", "--verbose"]);
        Assert.Contains("cria-tiny", await PublishedCria.AskServer(server, "Who are you?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quantizes_converts_measures_and_trains()
    {
        string folder = published.NewFolder(), program = PublishedCria.Linux;
        string floats = Path.Combine(folder, "f32.gguf"), small = Path.Combine(folder, "q8.gguf"), shipped = SharedData.ShippedModel, data = Path.Combine(folder, "data.txt");
        await File.WriteAllTextAsync(data, string.Concat(Enumerable.Repeat("Mira has a red kite. ", 60)), TestContext.Current.CancellationToken);
        (await published.Run(program, ["convert", shipped, floats, "--type", "F32"])).Succeeded();
        (await published.Run(program, ["quantize", floats, small, "Q8_0"])).Succeeded();
        Assert.Contains("cria-tiny", (await published.Run(program, ["run", "-m", small, "--temp", "0", "Who are you?"])).Succeeded(), StringComparison.Ordinal);
        (await published.Run(program, ["convert", small, Path.Combine(folder, "hf"), "--type", "F32"])).Succeeded();
        Assert.Contains("cria-tiny", (await published.Run(program, ["run", "-m", Path.Combine(folder, "hf"), "--temp", "0", "Who are you?"])).Succeeded(), StringComparison.Ordinal);
        foreach (string[] line in (string[][])
        [
            ["inspect", small], ["inspect", small, "--json", "--tensors"], ["tokenize", "-m", small, "Hello"], ["bench", "-m", small, "-p", "16", "-n", "4", "-r", "1"],
            ["perplexity", "-m", model.Path, "-f", data, "-c", "64"], ["list", "--json"], ["train", "-m", model.Path, "-d", data, "--length", "32", "--batch", "2", "--steps", "2", "-o", Path.Combine(folder, "trained")],
        ])
        {
            Assert.NotEmpty((await published.Run(program, line)).Succeeded());
        }
    }

    [Fact]
    public async Task Packs_itself_and_a_click_on_the_file_opens_the_chat_page()
    {
        string folder = published.NewFolder(), packed = Path.Combine(folder, "tiny model");
        (await published.Run(PublishedCria.Linux, ["pack", "-m", model.Path, "-o", packed, "--args", "--alias packed-model --port 0"])).Succeeded();
        File.SetUnixFileMode(packed, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string link = Path.Combine(folder, "link"), tools = Directory.CreateDirectory(Path.Combine(folder, "tools")).FullName, opened = Path.Combine(folder, "opened");
        File.CreateSymbolicLink(link, packed);
        string browser = Path.Combine(tools, "xdg-open");
        await File.WriteAllTextAsync(browser, $"#!/bin/sh\necho \"$1\" > '{opened}.new'; mv '{opened}.new' '{opened}'\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(browser, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using (Process server = published.Start(link, [], "/", ("PATH", $"{tools}:/usr/bin:/bin")))
        {
            Task<string> answer = PublishedCria.AskServer(server, "Hello");
            for (int wait = 0; wait < 600 && !File.Exists(opened); wait++) await Task.Delay(50, TestContext.Current.CancellationToken);
            Assert.NotEmpty(await answer);
            Assert.StartsWith("http://127.0.0.1:", await File.ReadAllTextAsync(opened, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        using JsonDocument json = JsonDocument.Parse((await published.Run(link, ["run", "-n", "3", "--json", "Hello"])).Succeeded());
        Assert.Equal("length", json.RootElement.GetProperty("finishReason").GetString());
        Assert.Contains("-m tiny.gguf --alias packed-model --port 0 ...", (await published.Run(PublishedCria.Linux, ["inspect", packed])).Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_cut_short_says_so_whatever_is_asked_of_it()
    {
        string cut = Path.Combine(published.NewFolder(), "cut");
        File.Copy(PublishedCria.Linux, cut);
        using (FileStream file = File.OpenWrite(cut)) file.SetLength(file.Length - 1000);
        foreach (string[] line in (string[][])[[], ["run", "Hello"], ["--version"]]) Assert.Contains("is cut short", (await published.Run(cut, line)).Failed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_file_for_linux_and_windows_starts_on_both()
    {
        string both = Path.Combine(published.NewFolder(), "tiny.exe");
        (await published.Run(PublishedCria.Linux, ["pack", "-m", SharedData.ShippedModel, "-o", both, "--args", "--temp 0", "--runtime", "linux-x64", "--runtime", "win-x64=" + PublishedCria.Windows])).Succeeded();
        Assert.Contains("cria-tiny", (await published.Run("/bin/sh", [both, "run", "Who are you?"])).Succeeded(), StringComparison.Ordinal);
        using (Process server = published.Start("/bin/sh", [both, "--port", "0", "--no-browser"])) Assert.Contains("cria-tiny", await PublishedCria.AskServer(server, "Who are you?"), StringComparison.Ordinal);

        string? wine = new[] { "/usr/bin/wine64", "/usr/lib/wine/wine64", "/usr/bin/wine" }.FirstOrDefault(File.Exists);
        if (wine is null && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase)) throw new FileNotFoundException("Wine must be installed on CI");
        Assert.SkipWhen(wine is null, "Wine, which stands in for Windows, is not installed (apt-get install wine64)");
        (string, string)[] environment = [("WINEPREFIX", Path.Combine(published.Folder, "wine")), ("WINEDEBUG", "-all"), ("WINEDLLOVERRIDES", "mscoree,mshtml=")];
        using (Process answer = published.Start(wine!, [both, "run", "Who are you?"], null, environment))
        {
            answer.StandardInput.Close();
            CriaProcess.Result result = await CriaProcess.Finish(answer, answer.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), answer.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            Assert.Contains("cria-tiny", result.Succeeded(), StringComparison.Ordinal);
        }
        using Process onWindows = published.Start(wine!, [both, "--port", "0", "--no-browser"], null, environment);
        Assert.Contains("cria-tiny", await PublishedCria.AskServer(onWindows, "Who are you?"), StringComparison.Ordinal);
    }
}
