using System.Diagnostics;
using Cria.Tests.Hub;

namespace Cria.Cli.Tests.Commands;

/// <summary>The program against a hub on this machine.</summary>
public sealed class PullCommandTests(TinyModel model) : IDisposable
{
    private const string Name = "org/tiny-GGUF";
    private readonly string home = Directory.CreateTempSubdirectory("cria-hub-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task Pulls_runs_lists_shows_and_deletes_a_model_by_its_name()
    {
        await using TestHub hub = await TestHub.StartAsync(Tiny());
        string missing = (await Cria(hub, "tokenize", "-m", Name, "a")).Failed();
        Assert.Equal($"cria: {Name} is neither a file nor a model on this computer; fetch it with 'cria pull {Name}', or check the path", missing);
        Assert.Equal("no models in " + Path.Combine(home, "hub") + "; fetch one with 'cria pull ORG/NAME'\n", (await Cria(hub, "list")).Error);

        CriaProcess.Result pulled = await Cria(hub, "pull", Name);
        string path = Assert.Single(pulled.Succeeded().TrimEnd('\n').Split('\n'));
        Assert.Equal(await File.ReadAllBytesAsync(model.Path, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.StartsWith($"pulling {Name}: 1 file, ", pulled.Error, StringComparison.Ordinal);
        Assert.Contains("\npulled ", pulled.Error, StringComparison.Ordinal);
        Assert.Equal(path + "\n", (await Cria(hub, "pull", Name, "--offline")).Succeeded());

        Assert.Equal((await CriaProcess.Run("tokenize", "-m", model.Path, "the a")).Succeeded(), (await Cria(hub, "tokenize", "-m", Name, "the a")).Succeeded());
        Assert.Equal((await CriaProcess.Run("run", "-m", model.Path, "--temp", "0", "-n", "5", "a")).Succeeded(), (await Cria(hub, "run", "-m", Name + ":Q8_0", "--temp", "0", "-n", "5", "a")).Succeeded());
        Assert.Contains("tiny", (await Cria(hub, "inspect", Name)).Succeeded(), StringComparison.Ordinal);

        Assert.Matches(@"^MODEL +SIZE +COMMIT +PULLED\norg/tiny-GGUF:Q8_0 +\d+ KiB  aaaaaaa  \d{4}-\d\d-\d\d\n$", (await Cria(hub, "list")).Succeeded());
        Assert.Contains("\"name\": \"org/tiny-GGUF:Q8_0\"", (await Cria(hub, "list", "--json")).Succeeded(), StringComparison.Ordinal);
        string shown = (await Cria(hub, "show", Name)).Succeeded();
        Assert.Matches(@"(?m)^Q8_0 +\d+ KiB  here, default$", shown);
        Assert.Matches(@"(?m)^Q2_K +64.0 KiB$", shown);
        Assert.Matches(@"^org/tiny-GGUF:q8_0: \d+ KiB freed\n$", (await Cria(hub, "rm", Name + ":q8_0")).Succeeded());
        Assert.False(Directory.Exists(Path.Combine(home, "hub", "models--org--tiny-GGUF")));
        Assert.Contains("is not on this computer", (await Cria(hub, "rm", Name)).Failed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Goes_on_where_it_was_killed()
    {
        const int total = 24 << 20, beforeStop = 10 << 20;
        TestRepository repository = new TestRepository(Name).Large("big-Q8_0.gguf", total);
        await using TestHub hub = await TestHub.StartAsync(repository);
        var stopped = new TaskCompletionSource();
        byte[] content = repository.Files["big-Q8_0.gguf"];
        hub.AtElsewhere = async context =>
        {
            // Serves the beginning of the file, then falls silent.
            (long from, long to) = TestHub.Range(context);
            context.Response.StatusCode = 206;
            context.Response.ContentLength = to - from;
            context.Response.Headers.ContentRange = FormattableString.Invariant($"bytes {from}-{to - 1}/{total}");
            await context.Response.Body.WriteAsync(content.AsMemory((int)from, (int)Math.Clamp(beforeStop - from, 0, to - from)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            stopped.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return true;
        };
        string map = Path.Combine(home, "hub", "models--org--tiny-GGUF", "blobs", repository.Etag("big-Q8_0.gguf") + ".cria.map");
        using (Process process = CriaProcess.Start(Environment(hub), "pull", Name))
        {
            await stopped.Task.WaitAsync(TestContext.Current.CancellationToken);
            while (!File.Exists(map) || (await ReadShared(map)).Skip(24).Count(block => block == 1) < 9) await Task.Delay(20, TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Assert.Matches(@"(?m)^org/tiny-GGUF +\d.* unfinished$", (await Cria(hub, "list")).Succeeded());
        hub.AtElsewhere = null;
        hub.Seen.Clear();
        CriaProcess.Result resumed = await Cria(hub, "pull", Name);
        Assert.Equal(content, await File.ReadAllBytesAsync(resumed.Succeeded().TrimEnd('\n'), TestContext.Current.CancellationToken));
        Assert.Contains("of it already here", resumed.Error, StringComparison.Ordinal);
        long asked = hub.Seen.Where(request => request.IsElsewhere).Sum(request => Bytes(request.Range!));
        Assert.InRange(asked, total - beforeStop, total - (9 << 20));
        Assert.DoesNotContain(Directory.EnumerateFiles(home, "*", SearchOption.AllDirectories), path => path.Contains(".cria.", StringComparison.Ordinal));

        static long Bytes(string range) => range["bytes=".Length..].Split('-') is [string from, string to] ? long.Parse(to, null) - long.Parse(from, null) + 1 : 0;
    }

    [Fact]
    public async Task Two_processes_that_pull_the_same_file_share_it()
    {
        TestRepository repository = Tiny();
        await using TestHub hub = await TestHub.StartAsync(repository);
        var gate = new TaskCompletionSource();
        hub.AtElsewhere = async _ =>
        {
            await gate.Task;
            return false;
        };
        Task<CriaProcess.Result>[] pulls = [Cria(hub, "pull", Name), Cria(hub, "pull", Name)];
        while (hub.Seen.Count(request => request.Method == "HEAD") < 2) await Task.Delay(20, TestContext.Current.CancellationToken);
        gate.SetResult();
        string[] paths = [(await pulls[0]).Succeeded(), (await pulls[1]).Succeeded()];
        Assert.Equal(paths[0], paths[1]);
        Assert.Single(hub.Seen, request => request.IsElsewhere);
    }

    [Fact]
    public async Task Refuses_names_and_options_that_make_no_sense()
    {
        await using TestHub hub = await TestHub.StartAsync(Tiny());
        Assert.Contains("'nonsense' is no name of a model on the hub", (await Cria(hub, "pull", "nonsense")).Failed(), StringComparison.Ordinal);
        Assert.Contains("both choose files", (await Cria(hub, "pull", Name + ":Q8_0", "--include", "*")).Refused(), StringComparison.Ordinal);
        Assert.Contains("name two revisions", (await Cria(hub, "pull", Name + "@a", "--revision", "b")).Refused(), StringComparison.Ordinal);
        Assert.Contains("--offline (HF_HUB_OFFLINE) forbids", (await Cria(hub, "pull", Name, "--offline")).Failed(), StringComparison.Ordinal);
        Assert.Contains("no file of org/tiny-GGUF matches *.zip", (await Cria(hub, "pull", Name, "--include", "*.zip")).Failed(), StringComparison.Ordinal);
        Assert.DoesNotContain(hub.Seen, request => request.IsElsewhere);
    }

    private TestRepository Tiny() => new TestRepository(Name).Large("tiny-Q8_0.gguf", File.ReadAllBytes(model.Path)).Large("tiny-Q2_K.gguf", 64 << 10);

    private static async Task<byte[]> ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var bytes = new MemoryStream();
        await file.CopyToAsync(bytes, TestContext.Current.CancellationToken);
        return bytes.ToArray();
    }

    private (string, string)[] Environment(TestHub hub) => [("HF_HOME", home), ("HF_ENDPOINT", hub.Endpoint)];

    private async Task<CriaProcess.Result> Cria(TestHub hub, params string[] arguments)
    {
        using Process process = CriaProcess.Start(Environment(hub), arguments);
        process.StandardInput.Close();
        return await CriaProcess.Finish(process, process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }
}
