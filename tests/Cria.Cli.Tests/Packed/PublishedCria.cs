using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Cria.Tests;

[assembly: AssemblyFixture(typeof(Cria.Cli.Tests.Packed.PublishedCria))]

namespace Cria.Cli.Tests.Packed;

/// <summary>The released program that <c>deploy/release.sh linux-x64</c> makes, with nothing beside it, and one for Windows that Wine can start.</summary>
public sealed class PublishedCria : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>A folder for tests to write in.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("cria-published-").FullName;

    /// <summary>The program for Linux; skips the calling test where there is none or it is older than the code, which continuous integration does not allow.</summary>
    public static string Linux => Checked(Directory.Exists(SharedData.ReleaseFolder) ? Directory.EnumerateFiles(SharedData.ReleaseFolder, "cria-*-linux-x64").FirstOrDefault() : null);

    /// <summary>The program for Windows; skips like <see cref="Linux"/>.</summary>
    public static string Windows => Checked(SharedData.WineProgram);

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (IOException)
        {
            // Wine's server outlives the last program for some seconds, and writes.
        }
    }

    /// <summary>A new empty folder.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(Folder, Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>Starts a program with nobody's own cache and browser.</summary>
    public Process Start(string program, string[] arguments, string? from = null, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = from ?? Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
        };
        foreach (string name in start.Environment.Keys.Where(key => key.StartsWith("HF_", StringComparison.Ordinal) || key.StartsWith("CRIA_", StringComparison.Ordinal) || key.StartsWith("DOTNET_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        start.Environment["HF_ENDPOINT"] = "http://127.0.0.1:9";
        start.Environment["XDG_CACHE_HOME"] = Path.Combine(Folder, "cache");
        start.Environment["DISPLAY"] = "";
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs a program to its end.</summary>
    internal async Task<CriaProcess.Result> Run(string program, string[] arguments, string input = "", string? from = null)
    {
        using Process process = Start(program, arguments, from);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input.AsMemory(), TestContext.Current.CancellationToken);
        process.StandardInput.Close();
        return await CriaProcess.Finish(process, output, error);
    }

    /// <summary>Waits for a server to print its address, asks it a question and fetches its chat page, and ends it; returns the answer.</summary>
    internal static async Task<string> AskServer(Process server, string question)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        Task<string> error = server.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            string? address = (await server.StandardOutput.ReadLineAsync(patience.Token))?.Trim();
            if (address is null) Assert.Fail($"the server ended: {await error}");
            using var client = new HttpClient { BaseAddress = new Uri(address), Timeout = Patience };
            string page = await client.GetStringAsync("/", patience.Token);
            Assert.Contains("<title>", page, StringComparison.Ordinal);
            using HttpResponseMessage response = await client.PostAsJsonAsync("/v1/chat/completions", new { messages = new[] { new { role = "user", content = question } }, temperature = 0, max_tokens = 40 }, patience.Token);
            JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>(patience.Token);
            return answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static string Checked(string? path)
    {
        bool isCurrent = File.Exists(path) && File.GetLastWriteTimeUtc(path) >= File.GetLastWriteTimeUtc(Path.Combine(AppContext.BaseDirectory, "Cria.Cli.dll"));
        if (!isCurrent && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            throw new FileNotFoundException("the released programs must be made on CI before the tests, as .ci/run does");
        Assert.SkipUnless(isCurrent, "there is no released program, or it is older than the code; .ci/run shows how to make it");
        return path!;
    }
}
