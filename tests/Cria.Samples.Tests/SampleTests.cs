using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cria.Samples.Tests;

[Collection(PackagesCollection.Name)]
public partial class SampleTests(Packages packages)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Text_generation_answers_and_tells_a_story()
    {
        string[] lines = (await Run("TextGeneration")).Trim().Split('\n');
        Assert.Contains("Cria", lines[0], StringComparison.Ordinal);
        Assert.Contains("fox", string.Join(' ', lines[1..]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tools_are_called_and_their_results_reach_the_model()
    {
        string[] lines = (await Run("Tools")).Trim().Split('\n');
        Assert.Matches(@"^code\((Clara|Ben)\): The code of (Clara is 4821|Ben is 1765)\.$", lines[0]);
        Assert.Equal(lines[0][(lines[0].IndexOf(':', StringComparison.Ordinal) + 2)..], lines[1]);
    }

    [Fact]
    public async Task A_fine_tuned_model_talks_as_its_examples_do()
    {
        string output = await Run("FineTune");
        double[] losses = [.. Loss().Matches(output).Select(match => double.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(6, losses.Length);
        Assert.True(losses[^1] < losses[0] / 4, output);
        Assert.Matches("after:  .*(Arr|matey|Captain)", output);
        Assert.DoesNotMatch("before: .*(Arr|matey|Captain)", output);
    }

    [Fact]
    public async Task A_program_without_a_model_says_so_in_one_line()
    {
        string program = Path.Combine(packages.Scratch, "without");
        Directory.CreateDirectory(program);
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(packages.Program("TextGeneration"))!)) File.Copy(file, Path.Combine(program, Path.GetFileName(file)), overwrite: true);
        using Process process = Command.Start(program, Command.Dotnet, Path.Combine(program, "TextGeneration.dll"));
        Task<string> output = process.StandardOutput.ReadToEndAsync(Cancelled);
        string error = await process.StandardError.ReadToEndAsync(Cancelled);
        await process.WaitForExitAsync(Cancelled);
        Assert.Empty(await output);
        Assert.Contains("no model is named, and the small one of the package Cria.Tiny is not beside this program; name a model file, or add that package", error.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_web_application_serves_its_model_three_ways_and_reports_its_health()
    {
        string program = packages.Program("WebApp");
        using Process process = Command.Start(Path.GetDirectoryName(program)!, Command.Dotnet, program, "--urls", "http://127.0.0.1:0");
        try
        {
            using var client = new HttpClient { BaseAddress = await Address(process), Timeout = TimeSpan.FromMinutes(2) };
            Assert.Equal("Healthy", await client.GetStringAsync(new Uri("/healthz", UriKind.Relative), Cancelled));
            Assert.Contains("Cria", await client.GetStringAsync(new Uri("/ask?question=What is Cria?", UriKind.Relative), Cancelled), StringComparison.Ordinal);
            Assert.Matches("^data: .+\n\ndata: ", (await client.GetStringAsync(new Uri("/ask/stream?question=Tell me a story about a fox.", UriKind.Relative), Cancelled)).ReplaceLineEndings("\n"));

            using HttpResponseMessage reply = await client.PostAsJsonAsync("/llm/v1/chat/completions", new { model = "assistant", messages = new[] { new { role = "user", content = "What is 7 + 8?" } } }, Cancelled);
            JsonElement answer = await reply.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
            Assert.Contains("15", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
            Assert.Equal("assistant", answer.GetProperty("model").GetString());

            using HttpResponseMessage page = await client.GetAsync(new Uri("/llm", UriKind.Relative), Cancelled);
            Assert.Equal("/llm/", page.RequestMessage!.RequestUri!.AbsolutePath);
            Assert.Contains("script/main.js", await page.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
            Assert.True((await client.GetAsync(new Uri("/llm/script/main.js", UriKind.Relative), Cancelled)).IsSuccessStatusCode);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(Cancelled);
        }
    }

    private Task<string> Run(string sample) => Command.RunAsync(packages.Scratch, Command.Dotnet, packages.Program(sample));

    /// <summary>The address that Kestrel's log names.</summary>
    private static async Task<Uri> Address(Process process)
    {
        _ = process.StandardError.ReadToEndAsync(Cancelled);
        while (await process.StandardOutput.ReadLineAsync(Cancelled) is { } line)
        {
            if (Listening().Match(line) is not { Success: true } match) continue;
            _ = process.StandardOutput.ReadToEndAsync(Cancelled);
            return new Uri(match.Groups[1].Value);
        }
        throw new InvalidOperationException("the application ended before it listened");
    }

    [GeneratedRegex(@"loss (\d+\.\d+)")]
    private static partial Regex Loss();

    [GeneratedRegex(@"Now listening on: (\S+)")]
    private static partial Regex Listening();
}
