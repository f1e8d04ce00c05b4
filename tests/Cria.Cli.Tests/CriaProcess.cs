using System.Diagnostics;
using System.Text;

namespace Cria.Cli.Tests;

/// <summary>Runs the built program as a user would: another process, its streams redirected.</summary>
internal static class CriaProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>What a run left behind.</summary>
    public sealed record Result(int ExitCode, string Output, string Error)
    {
        /// <summary>Asserts success and returns the output.</summary>
        public string Succeeded()
        {
            Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
            return Output;
        }

        /// <summary>Asserts exit code 1 and one line that begins with "cria: "; returns it.</summary>
        public string Failed()
        {
            Assert.True(ExitCode == 1, $"exit code {ExitCode}: {Output}{Error}");
            string line = Assert.Single(Error.TrimEnd('\n').Split('\n'));
            Assert.StartsWith("cria: ", line, StringComparison.Ordinal);
            Assert.DoesNotContain("unexpected", line, StringComparison.Ordinal);
            return line;
        }

        /// <summary>Asserts exit code 2 and returns the first line of the error.</summary>
        public string Refused()
        {
            Assert.True(ExitCode == 2, $"exit code {ExitCode}: {Output}{Error}");
            Assert.Empty(Output);
            string[] lines = Error.TrimEnd('\n').Split('\n');
            Assert.Equal(2, lines.Length);
            Assert.StartsWith("See 'cria", lines[1], StringComparison.Ordinal);
            return lines[0];
        }
    }

    /// <summary>Runs to the end with nothing on standard input.</summary>
    public static Task<Result> Run(params string[] arguments) => RunWith([], arguments);

    /// <summary>Runs to the end with text on standard input.</summary>
    public static Task<Result> RunWith(string input, params string[] arguments) => RunWith(Encoding.UTF8.GetBytes(input), arguments);

    /// <summary>Runs to the end with bytes on standard input.</summary>
    public static async Task<Result> RunWith(byte[] input, params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, TestContext.Current.CancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading its input.
        }
        return await Finish(process, output, error);
    }

    /// <summary>Waits for the end and collects what was written.</summary>
    public static async Task<Result> Finish(Process process, Task<string> output, Task<string> error)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException("the program hangs");
        }
        return new Result(process.ExitCode, await output, await error);
    }

    /// <summary>Starts the program.</summary>
    public static Process Start(params string[] arguments) => Start([], arguments);

    /// <summary>Starts the program with more in its environment.</summary>
    public static Process Start((string Name, string Value)[] environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Cria.Cli.dll"));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment.Remove("CRIA_DEBUG");
        start.Environment.Remove("CRIA_CPU");
        // Nobody's own cache and hub.
        foreach (string name in start.Environment.Keys.Where(key => key.StartsWith("HF_", StringComparison.Ordinal) || key.StartsWith("HUGGING", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        start.Environment["HF_ENDPOINT"] = "http://127.0.0.1:9";
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
