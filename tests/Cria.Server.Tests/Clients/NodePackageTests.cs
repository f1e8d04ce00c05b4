using System.Diagnostics;
using Cria.Server.Tests.Page;

namespace Cria.Server.Tests.Clients;

/// <summary>OpenAI's own client for Node, the version that <c>Npm/package-lock.json</c> names, speaks with the server.</summary>
public class NodePackageTests(PageServer server)
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Clients", "Npm");

    [Fact]
    public async Task Chats_streams_leaves_calls_tools_and_answers_in_a_structure()
    {
        (string node, string npm) = (Find("node"), Find("npm"));
        await Install(npm);
        (int exitCode, string output, string error) = await Run(node, "checks.js", server.Address.ToString(), server.ModelName);
        Assert.True(exitCode == 0, output + error);
        Assert.Equal(["chat", "streaming", "leaving", "runner", "tools", "structure", "embeddings", "completion", "models", "errors"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    private static async Task Install(string npm)
    {
        // Written by npm when everything is in place.
        string done = Path.Combine(Folder, "node_modules", ".package-lock.json");
        if (File.Exists(done) && File.GetLastWriteTimeUtc(done) > File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json"))) return;
        (int exitCode, string output, string error) = await Run(npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts");
        if (exitCode != 0 && !IsContinuousIntegration) Assert.SkipWhen(error.Contains("network", StringComparison.OrdinalIgnoreCase), "npm's registry cannot be reached");
        Assert.True(exitCode == 0, output + error);
    }

    private static bool IsContinuousIntegration => string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>A program on the path; skips the calling test where there is none, which continuous integration does not allow.</summary>
    private static string Find(string program)
    {
        string[] endings = OperatingSystem.IsWindows() ? [".exe", ".cmd"] : [""];
        string? found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => endings.Select(ending => Path.Combine(folder, program + ending))).FirstOrDefault(File.Exists);
        if (found is null && IsContinuousIntegration) throw new FileNotFoundException($"{program} must be installed on CI");
        Assert.SkipWhen(found is null, $"{program} is not installed (apt-get install nodejs npm)");
        return found!;
    }

    private static async Task<(int ExitCode, string Output, string Error)> Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
