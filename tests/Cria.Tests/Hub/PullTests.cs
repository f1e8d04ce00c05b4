using System.Collections.Concurrent;
using Cria.Hub;

namespace Cria.Tests.Hub;

public sealed class PullTests : IDisposable
{
    private const string Name = "org/tiny-GGUF";
    private readonly HubSandbox sandbox = new();

    public void Dispose() => sandbox.Dispose();

    [Fact]
    public async Task Fetches_the_default_model_in_ranges_and_lays_it_out_as_other_tools_do()
    {
        TestRepository repository = Models();
        await using TestHub hub = await TestHub.StartAsync(repository);
        string path = await sandbox.PullAsync(hub, Name);
        string folder = Path.Combine(sandbox.Folder, "models--org--tiny-GGUF"), etag = repository.Etag("tiny-Q4_K_M.gguf");
        Assert.Equal(Path.Combine(folder, "snapshots", repository.Commit, "tiny-Q4_K_M.gguf"), path);
        Assert.Equal(repository.Files["tiny-Q4_K_M.gguf"], await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal($"../../blobs/{etag}", new FileInfo(path).LinkTarget);
        Assert.Equal(repository.Commit, await File.ReadAllTextAsync(Path.Combine(folder, "refs", "main"), TestContext.Current.CancellationToken));
        Assert.Equal([$"models--org--tiny-GGUF/blobs/{etag}", "models--org--tiny-GGUF/refs/main", $"models--org--tiny-GGUF/snapshots/{repository.Commit}/tiny-Q4_K_M.gguf"], sandbox.Entries());
        Assert.Equal(8, hub.Seen.Count(request => request is { IsElsewhere: true, Range: not null }));
        Assert.Equal(path, sandbox.Cache.Find(HubName.Parse(Name)));
    }

    [Fact]
    public async Task Sends_the_token_to_the_hub_and_to_nobody_else()
    {
        await using TestHub hub = await TestHub.StartAsync(Models());
        await sandbox.PullAsync(hub, Name, token: "hf_secret");
        Assert.All(hub.Seen, request => Assert.Equal(request.IsElsewhere ? null : "Bearer hf_secret", request.Authorization));
        Assert.Contains(hub.Seen, request => request.IsElsewhere);
    }

    [Fact]
    public async Task Fetches_a_safetensors_repository_without_its_original_folder()
    {
        TestRepository repository = new TestRepository("org/base").Small("config.json", "{}").Small("tokenizer.json", "{ }").Small("README.md", "#").Small("model.safetensors.index.json", "{}")
            .Large("model-00001-of-00002.safetensors", 300_000).Large("model-00002-of-00002.safetensors", 1_200_000, 2).Small("original/params.json", "{}").Large("original/consolidated.00.pth", 1000).Large("original/tokenizer.model", 10);
        await using TestHub hub = await TestHub.StartAsync(repository);
        string path = await sandbox.PullAsync(hub, "org/base");
        Assert.Equal(Path.Combine(sandbox.Folder, "models--org--base", "snapshots", repository.Commit), path);
        string[] fetched = ["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json", "tokenizer.json"];
        Assert.Equal(fetched, Directory.EnumerateFiles(path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.All(fetched, file => Assert.Equal(repository.Files[file], File.ReadAllBytes(Path.Combine(path, file))));
        string original = await sandbox.PullAsync(hub, "org/base:original");
        Assert.Equal(Path.Combine(path, "original"), original);
        Assert.Equal(["consolidated.00.pth", "params.json", "tokenizer.model"], Directory.EnumerateFiles(original).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Fetches_files_that_match_a_pattern()
    {
        TestRepository repository = Models();
        await using TestHub hub = await TestHub.StartAsync(repository);
        string path = await sandbox.PullAsync(hub, Name, null, null, "*.md", "folder/*");
        Assert.Equal(["README.md", "folder/ä b.txt"], Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(path, file)).Order(StringComparer.Ordinal));
        Assert.Equal("../../../blobs/" + repository.Etag("folder/ä b.txt"), new FileInfo(Path.Combine(path, "folder", "ä b.txt")).LinkTarget);
    }

    [Fact]
    public async Task Fetches_nothing_twice_and_links_contents_that_are_already_here()
    {
        TestRepository repository = Models();
        await using TestHub hub = await TestHub.StartAsync(repository);
        await sandbox.PullAsync(hub, Name);
        hub.Seen.Clear();
        string old = repository.Commit;
        repository.Commit = new string('b', 40);
        string path = await sandbox.PullAsync(hub, Name);
        Assert.DoesNotContain(hub.Seen, request => !request.Path.StartsWith("/api", StringComparison.Ordinal));
        Assert.Contains(repository.Commit, path, StringComparison.Ordinal);
        Assert.True(File.Exists(path.Replace(repository.Commit, old, StringComparison.Ordinal)));
        Assert.Equal(path, sandbox.Cache.Find(HubName.Parse(Name)));
    }

    [Fact]
    public async Task Reads_lists_in_pages_where_the_first_tells_no_sizes()
    {
        TestRepository repository = Models();
        await using TestHub hub = await TestHub.StartAsync(repository);
        hub.HidesSizes = true;
        string path = await sandbox.PullAsync(hub, Name + ":q8_0");
        Assert.Equal(repository.Files["tiny-Q8_0.gguf"], await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.True(hub.Seen.Count(request => request.Path.Contains("/tree/", StringComparison.Ordinal)) > 1);
    }

    [Fact]
    public async Task Tells_how_far_it_is()
    {
        await using TestHub hub = await TestHub.StartAsync(Models());
        var reports = new ConcurrentQueue<PullProgress>();
        await sandbox.PullAsync(hub, Name, progress: new Listener(reports));
        PullProgress last = reports.Last();
        Assert.Equal(new PullProgress(PullStage.FileDone, "tiny-Q4_K_M.gguf", 1_000_000, 1_000_000, 1_000_000, 1, 1), last);
        Assert.All(reports, report => Assert.InRange(report.DoneBytes, 0, report.TotalBytes));
    }

    [Fact]
    public async Task Takes_a_commit_as_revision()
    {
        TestRepository repository = Models();
        await using TestHub hub = await TestHub.StartAsync(repository);
        string path = await sandbox.PullAsync(hub, $"{Name}:Q8_0@{repository.Commit}");
        Assert.False(Directory.Exists(Path.Combine(sandbox.Folder, "models--org--tiny-GGUF", "refs")));
        Assert.Equal(path, sandbox.Cache.Find(HubName.Parse(Name)));
        Assert.Equal(path, sandbox.Cache.Find(HubName.Parse($"{Name}@{repository.Commit[..7]}")));
    }

    [Fact]
    public async Task Two_pulls_of_one_file_at_a_time_share_it()
    {
        TestRepository repository = Models();
        await using TestHub hub = await TestHub.StartAsync(repository);
        var gate = new TaskCompletionSource();
        var waits = new TaskCompletionSource();
        hub.AtElsewhere = async _ =>
        {
            await gate.Task;
            return false;
        };
        var listener = new Waiter(waits);
        Task<string> first = sandbox.PullAsync(hub, Name, progress: listener), second = sandbox.PullAsync(hub, Name, progress: listener);
        await waits.Task.WaitAsync(TestContext.Current.CancellationToken);
        gate.SetResult();
        Assert.Equal(await first, await second);
        Assert.Equal(8, hub.Seen.Count(request => request.IsElsewhere));
        Assert.Equal(repository.Files["tiny-Q4_K_M.gguf"], await File.ReadAllBytesAsync(await first, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Fetches_an_empty_file()
    {
        TestRepository repository = new TestRepository(Name).Small("empty.txt", "").Large("none.bin", []);
        await using TestHub hub = await TestHub.StartAsync(repository);
        string path = await sandbox.PullAsync(hub, Name, null, null, "*");
        Assert.Equal(0, new FileInfo(Path.Combine(path, "empty.txt")).ResolveLinkTarget(true) is FileInfo target ? target.Length : -1);
        Assert.True(File.Exists(Path.Combine(path, "none.bin")));
    }

    private static TestRepository Models() => new TestRepository(Name).Large("tiny-Q4_K_M.gguf", 1_000_000).Large("tiny-Q8_0.gguf", 70_000, 2).Large("mmproj-tiny-f16.gguf", 10)
        .Small("README.md", "# Tiny").Small("folder/ä b.txt", "blank");

    private sealed class Listener(ConcurrentQueue<PullProgress> reports) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => reports.Enqueue(value);
    }

    private sealed class Waiter(TaskCompletionSource waits) : IProgress<PullProgress>
    {
        public void Report(PullProgress value)
        {
            if (value.Stage == PullStage.Waiting) waits.TrySetResult();
        }
    }
}
