using System.Net;
using System.Net.Sockets;
using Cria.Hub;
using Cria.Tensors;
using Microsoft.AspNetCore.Http;

namespace Cria.Tests.Hub;

/// <summary>Hubs and networks that misbehave, on real connections.</summary>
public sealed class PullFaultTests : IDisposable
{
    private const string Name = "org/tiny-GGUF", File = "tiny-Q8_0.gguf";
    private const int FileBytes = 600_000, Blocks = 10;
    private readonly HubSandbox sandbox = new();
    private readonly TestRepository repository = new TestRepository(Name).Large(File, FileBytes);

    private byte[] Content => repository.Files[File];

    public void Dispose() => sandbox.Dispose();

    [Theory]
    [InlineData(401, "GatedRepo", "", false, "org/tiny-GGUF is open only to those its owner lets in: ask for access on {0}/org/tiny-GGUF, then set HF_TOKEN to a token from {0}/settings/tokens")]
    [InlineData(403, "GatedRepo", "", true, "org/tiny-GGUF is not open to the account of HF_TOKEN: ask for access on {0}/org/tiny-GGUF and wait until it is granted")]
    [InlineData(401, null, "Invalid credentials in Authorization header", true, "{1} does not know the token in HF_TOKEN; make a new one on {0}/settings/tokens")]
    [InlineData(401, null, "", false, "{1} asks who you are before it gives org/tiny-GGUF: ask for access on {0}/org/tiny-GGUF, then set HF_TOKEN to a token from {0}/settings/tokens")]
    [InlineData(403, null, "Token lacks the right", true, "{1} does not let the account of HF_TOKEN read org/tiny-GGUF (Token lacks the right): see {0}/org/tiny-GGUF and the token's rights on {0}/settings/tokens")]
    [InlineData(403, null, "Access to this resource is disabled.", false, "org/tiny-GGUF has been disabled on {1}; see {0}/org/tiny-GGUF")]
    [InlineData(404, "EntryNotFound", "", false, "org/tiny-GGUF has no file tiny-Q8_0.gguf at main; {0}/org/tiny-GGUF/tree/main lists what there is")]
    [InlineData(418, null, "tea\r\tonly", false, "{1} answers 418 for org/tiny-GGUF (tea??only); try again later")]
    public async Task Explains_a_refused_file_with_the_remedy(int status, string? code, string message, bool hasToken, string expected)
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        hub.AtHub = async context =>
        {
            if (!context.Request.Path.Value!.Contains("/resolve/", StringComparison.Ordinal)) return false;
            await TestHub.Refuse(context, status, code, message.Length == 0 ? null : message.Replace('\r', '?').Replace('\t', '?'));
            return true;
        };
        CriaException failure = await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name, hasToken ? "hf_x" : null));
        Assert.Equal(string.Format(null, expected, hub.Endpoint, new Uri(hub.Endpoint).Authority), failure.Message);
    }

    [Theory]
    [InlineData("org/none", false, "has no model org/none, or it is private: check the spelling; for a private one set HF_TOKEN")]
    [InlineData("org/none", true, "has no model org/none, or it is private: check the spelling and whether the account of HF_TOKEN may read it")]
    [InlineData("org/tiny-GGUF@v9", false, "org/tiny-GGUF has no revision 'v9'; its branches and tags are on")]
    [InlineData("org/tiny-GGUF:Q9_9", false, "org/tiny-GGUF has no model 'Q9_9' on")]
    public async Task Explains_a_missing_model(string name, bool hasToken, string expected)
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        CriaException failure = await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, name, hasToken ? "hf_x" : null));
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(500)]
    public async Task Waits_out_a_passing_trouble_at_every_step(int status)
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        var seen = new HashSet<string>();
        hub.AtHub = hub.AtElsewhere = context => Once(seen, context, () => TestHub.Refuse(context, status, null));
        string path = await sandbox.PullAsync(hub, Name);
        Assert.Equal(Content, System.IO.File.ReadAllBytes(path));
        Assert.True(seen.Count >= 3);
    }

    [Fact]
    public async Task Waits_as_long_as_the_hub_asks()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        var seen = new HashSet<string>();
        hub.AtHub = context => Once(seen, context, () =>
        {
            context.Response.Headers.RetryAfter = "37";
            return TestHub.Refuse(context, 429, null);
        });
        var pauses = new List<TimeSpan>();
        HubOptions options = sandbox.Options(hub) with
        {
            LongestPause = TimeSpan.FromSeconds(40),
            Pause = (pause, _) =>
            {
                pauses.Add(pause);
                return Task.CompletedTask;
            },
        };
        using var models = new ModelHub(options);
        await models.LookAsync(HubName.Parse(Name), TestContext.Current.CancellationToken);
        Assert.Equal([TimeSpan.FromSeconds(37)], pauses);
    }

    [Fact]
    public async Task Gives_up_a_hub_that_stays_in_trouble_or_asks_for_too_long_a_wait()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        hub.AtHub = async context =>
        {
            await TestHub.Refuse(context, 429, null);
            return true;
        };
        string host = new Uri(hub.Endpoint).Authority;
        CriaException failure = await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name));
        Assert.Equal($"{host} limits requests (429) (4 attempts); try again later, or set HF_TOKEN, which allows more; what was fetched is kept", failure.Message);
        Assert.Equal(4, hub.Seen.Count);
        hub.AtHub = async context =>
        {
            context.Response.Headers.RetryAfter = "3600";
            await TestHub.Refuse(context, 429, null);
            return true;
        };
        failure = await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name, token: "hf_x"));
        Assert.Equal($"{host} limits requests (429) and asks to wait 3600 s; try again later; what was fetched is kept", failure.Message);
        Assert.Equal(5, hub.Seen.Count);
    }

    [Fact]
    public async Task Says_that_nobody_answers()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var models = new ModelHub(new HubOptions { Endpoint = new Uri($"http://127.0.0.1:{port}/"), CacheFolder = sandbox.Folder, Attempts = 2, FirstPause = TimeSpan.FromMilliseconds(1) });
        CriaException failure = await Assert.ThrowsAsync<CriaException>(() => models.LookAsync(HubName.Parse(Name), TestContext.Current.CancellationToken));
        Assert.Equal($"127.0.0.1:{port} cannot be reached: Connection refused (2 attempts); check the network and HF_ENDPOINT; what was fetched is kept", failure.Message);
    }

    [Fact]
    public async Task Goes_on_at_the_byte_where_a_connection_broke()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        int cuts = 0;
        hub.AtElsewhere = async context =>
        {
            if (Interlocked.Increment(ref cuts) > 6) return false;
            await TestHub.CutAsync(context, Content, HubSandbox.BlockBytes + 1000);
            return true;
        };
        string path = await sandbox.PullAsync(hub, Name);
        Assert.Equal(Content, System.IO.File.ReadAllBytes(path));
        // Each byte asked for once more only from where it stopped: starts that are no multiple of a block.
        Assert.Contains(hub.Seen, request => request.Range is { } range && long.Parse(range["bytes=".Length..range.IndexOf('-', StringComparison.Ordinal)], null) % HubSandbox.BlockBytes != 0);
    }

    [Fact]
    public async Task Gives_up_a_connection_that_brings_nothing_and_keeps_what_came()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        hub.AtElsewhere = async context =>
        {
            if (TestHub.Range(context).From == 0) return false;
            while (sandbox.Cache.UnfinishedBytes(Name) < 2 * HubSandbox.BlockBytes) await Task.Delay(5, context.RequestAborted);
            await TestHub.CutAsync(context, Content, 10);
            return true;
        };
        CriaException failure = await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name));
        // Whether the answer's head still arrived is the network's chance.
        Assert.Matches(@"^(the connection to 127\.0\.0\.1:\d+ breaks|127\.0\.0\.1:\d+ cannot be reached): .* \(4 attempts\); .*; what was fetched is kept$", failure.Message);
        Assert.Equal(2 * HubSandbox.BlockBytes, sandbox.Cache.UnfinishedBytes(Name));
        Assert.Null(sandbox.Cache.Find(HubName.Parse(Name)));
        hub.AtElsewhere = null;
        hub.Seen.Clear();
        await sandbox.PullAsync(hub, Name);
        Assert.DoesNotContain(hub.Seen, request => request.Range?.StartsWith("bytes=0-", StringComparison.Ordinal) == true);
        Assert.DoesNotContain(sandbox.Entries(), path => path.Contains(".cria.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fetches_only_the_rest_after_an_interruption()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        using var stop = new CancellationTokenSource();
        using var models = new ModelHub(sandbox.Options(hub));
        PullPlan plan = await models.PlanAsync(HubName.Parse(Name), null, TestContext.Current.CancellationToken);
        var stopper = new Stopper(4 * HubSandbox.BlockBytes, stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => models.PullAsync(plan, stopper, stop.Token));
        long kept = sandbox.Cache.UnfinishedBytes(Name);
        Assert.InRange(kept, 1, FileBytes - 1);
        hub.Seen.Clear();
        plan = await models.PlanAsync(HubName.Parse(Name), null, TestContext.Current.CancellationToken);
        Assert.Equal(FileBytes - kept, plan.MissingBytes);
        string path = await models.PullAsync(plan, null, TestContext.Current.CancellationToken);
        Assert.Equal(Content, System.IO.File.ReadAllBytes(path));
    }

    [Fact]
    public async Task Refuses_wrong_bytes_and_keeps_none_of_them()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        byte[] wrong = [.. Content];
        wrong[^1] ^= 1;
        hub.AtElsewhere = async context =>
        {
            await TestHub.CutAsync(context, wrong, int.MaxValue);
            return true;
        };
        CriaException failure = await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name));
        Assert.Matches($@"^org/tiny-GGUF/tiny-Q8_0\.gguf arrived with the wrong bytes: its sha256 is [0-9a-f]{{12}}… and should be {repository.Etag(File)[..12]}…; nothing was kept, try again", failure.Message);
        Assert.Equal(0, sandbox.Cache.UnfinishedBytes(Name));
        Assert.DoesNotContain(sandbox.Entries(), path => path.Contains("snapshots", StringComparison.Ordinal));
        hub.AtElsewhere = null;
        Assert.Equal(Content, System.IO.File.ReadAllBytes(await sandbox.PullAsync(hub, Name)));
    }

    [Fact]
    public async Task Refuses_wrong_bytes_of_a_file_in_git_too()
    {
        TestRepository small = new TestRepository("org/base").Small("config.json", "{\"a\":1}");
        await using TestHub hub = await TestHub.StartAsync(small);
        hub.AtHub = async context =>
        {
            if (context.Request.Method != "GET" || !context.Request.Path.Value!.EndsWith("config.json", StringComparison.Ordinal)) return false;
            await TestHub.CutAsync(context, "{\"a\":2}"u8.ToArray(), int.MaxValue);
            return true;
        };
        CriaException failure = await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, "org/base", null, null, "*"));
        Assert.Contains("its git hash is", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetches_anew_what_a_power_cut_spoiled()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        hub.AtElsewhere = async context =>
        {
            if (TestHub.Range(context).From == 0) return false;
            await TestHub.CutAsync(context, Content, 0);
            return true;
        };
        await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name));
        string part = Assert.Single(Directory.EnumerateFiles(sandbox.Folder, "*" + HubCache.PartEnding, SearchOption.AllDirectories));
        using (FileStream file = System.IO.File.OpenWrite(part)) file.WriteByte((byte)(Content[0] ^ 1));
        hub.AtElsewhere = null;
        Assert.Equal(Content, System.IO.File.ReadAllBytes(await sandbox.PullAsync(hub, Name)));
    }

    [Fact]
    public async Task Takes_the_whole_file_from_a_server_that_knows_no_ranges()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        int cuts = 0;
        hub.AtElsewhere = async context =>
        {
            int after = context.Request.Headers.Range.Count == 0 && Interlocked.Increment(ref cuts) <= 2 ? 200_000 : int.MaxValue;
            await TestHub.CutAsync(context, Content, after, ranges: false);
            return true;
        };
        Assert.Equal(Content, System.IO.File.ReadAllBytes(await sandbox.PullAsync(hub, Name)));
        Assert.Equal(3, cuts);
    }

    [Fact]
    public async Task Begins_anew_when_the_file_changes_on_the_way()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        int answers = 0;
        hub.AtElsewhere = context =>
        {
            // The first file gives way to the second in the middle, under another ETag.
            if (Interlocked.Increment(ref answers) != 3) return Task.FromResult(false);
            context.Response.Headers.ETag = "\"new\"";
            return AnsweredAsync(TestHub.CutAsync(context, Content, int.MaxValue));
        };
        Assert.Equal(Content, System.IO.File.ReadAllBytes(await sandbox.PullAsync(hub, Name)));
    }

    [Fact]
    public async Task Gives_up_a_file_that_never_stays_the_same()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        int answers = 0;
        hub.AtElsewhere = context =>
        {
            context.Response.Headers.ETag = FormattableString.Invariant($"\"{Interlocked.Increment(ref answers)}\"");
            return AnsweredAsync(TestHub.CutAsync(context, Content, int.MaxValue));
        };
        CriaException failure = await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name));
        Assert.Equal("org/tiny-GGUF/tiny-Q8_0.gguf changed while it was being fetched, twice; try again later", failure.Message);
    }

    [Theory]
    [InlineData("bytes 0-10/600000")]
    [InlineData("bytes 65536-131071/700000")]
    public async Task Refuses_answers_with_another_range_or_length(string range)
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        hub.AtElsewhere = async context =>
        {
            if (TestHub.Range(context).From == 0) return false;
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = range;
            await context.Response.Body.WriteAsync(new byte[100]);
            return true;
        };
        Assert.Contains("changed while it was being fetched, twice", (await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asks_for_a_new_address_when_the_old_one_has_expired()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        int answers = 0;
        hub.AtElsewhere = async context =>
        {
            if (Interlocked.Increment(ref answers) is < 2 or > 3) return false;
            await TestHub.Refuse(context, 403, null);
            return true;
        };
        Assert.Equal(Content, System.IO.File.ReadAllBytes(await sandbox.PullAsync(hub, Name)));
        Assert.True(hub.Seen.Count(request => request.Method == "HEAD") > 1);
    }

    [Theory]
    [InlineData("../evil-Q8_0.gguf")]
    [InlineData("a/../../evil-Q8_0.gguf")]
    [InlineData("/etc/evil-Q8_0.gguf")]
    [InlineData("C:\\evil-Q8_0.gguf")]
    [InlineData("a\\..\\evil-Q8_0.gguf")]
    [InlineData("a//evil-Q8_0.gguf")]
    [InlineData("./evil-Q8_0.gguf")]
    [InlineData("evil\u001b[2J-Q8_0.gguf")]
    public async Task Refuses_names_that_leave_their_folder(string path)
    {
        await using TestHub hub = await TestHub.StartAsync(new TestRepository(Name).Large(path, 100));
        string message = (await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name))).Message;
        Assert.Contains("would not stay in its folder; it was refused", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
        Assert.Empty(sandbox.Entries());
    }

    [Theory]
    [InlineData(1L << 45, "needs 35184.4 GB more and ")]
    [InlineData(long.MaxValue, "that is no list of files")]
    [InlineData(-1, "that is no list of files")]
    public async Task Refuses_sizes_that_cannot_be(long claimed, string expected)
    {
        repository.ClaimedBytes[File] = claimed;
        await using TestHub hub = await TestHub.StartAsync(repository);
        Assert.Contains(expected, (await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name))).Message, StringComparison.Ordinal);
        Assert.Empty(sandbox.Entries());
    }

    [Fact]
    public async Task Refuses_a_file_that_is_not_what_the_list_says()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        hub.AtHub = context =>
        {
            if (context.Request.Method == "HEAD") repository.Large(File, FileBytes + 1, seed: 9);
            return Task.FromResult(false);
        };
        Assert.Contains("contradicts itself about org/tiny-GGUF/tiny-Q8_0.gguf", (await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>Sign in to the hotel's network</html>")]
    [InlineData("{\"sha\":\"../..\",\"siblings\":[]}")]
    [InlineData("{\"sha\":null}")]
    [InlineData("[1,2")]
    [InlineData("null")]
    public async Task Refuses_answers_that_are_no_list(string body)
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        hub.AtHub = async context =>
        {
            await context.Response.WriteAsync(body);
            return true;
        };
        Assert.Contains("that is no list of files; check HF_ENDPOINT", (await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/loop", "redirects in a circle")]
    [InlineData("file:///etc/passwd", "which is not safe")]
    [InlineData("ftp://example.invalid/x", "which is not safe")]
    public async Task Refuses_redirections_that_lead_nowhere_good(string location, string expected)
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        hub.AtHub = context =>
        {
            context.Response.Redirect(location);
            return Task.FromResult(true);
        };
        Assert.Contains(expected, (await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_that_the_cache_cannot_be_written()
    {
        await using TestHub hub = await TestHub.StartAsync(repository);
        // A file stands where the folder should be.
        System.IO.File.WriteAllText(Path.Combine(sandbox.Folder, "models--org--tiny-GGUF"), "");
        string message = (await Assert.ThrowsAsync<CriaException>(() => sandbox.PullAsync(hub, Name))).Message;
        Assert.StartsWith($"{sandbox.Folder} cannot be written: ", message, StringComparison.Ordinal);
    }

    private static async Task<bool> AnsweredAsync(Task answer)
    {
        await answer;
        return true;
    }

    private static async Task<bool> Once(HashSet<string> seen, HttpContext context, Func<Task> refuse)
    {
        bool isFirst;
        lock (seen) isFirst = seen.Add($"{context.Request.Host}{context.Request.Method}{context.Request.Path}{context.Request.Headers.Range}");
        if (isFirst) await refuse();
        return isFirst;
    }

    private sealed class Stopper(long after, CancellationTokenSource stop) : IProgress<PullProgress>
    {
        public void Report(PullProgress value)
        {
            if (value.FetchedBytes >= after) stop.Cancel();
        }
    }
}
