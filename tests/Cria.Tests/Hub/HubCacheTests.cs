using Cria.Hub;
using Cria.Tensors;

namespace Cria.Tests.Hub;

/// <summary>A cache laid out by hand as huggingface_hub lays it out.</summary>
public sealed class HubCacheTests : IDisposable
{
    private const string Repository = "org/tiny-GGUF";
    private static readonly string First = new('1', 40), Second = new('2', 40);
    private readonly HubSandbox sandbox = new();

    public void Dispose() => sandbox.Dispose();

    [Fact]
    public void Finds_models_that_other_tools_fetched()
    {
        Place(First, "tiny-Q4_K_M.gguf", "aa");
        Place(First, "tiny-Q8_0.gguf", "bb");
        Ref("main", First);
        Assert.Equal(SnapshotOf(First, "tiny-Q4_K_M.gguf"), sandbox.Cache.Find(HubName.Parse(Repository)));
        Assert.Equal(SnapshotOf(First, "tiny-Q8_0.gguf"), sandbox.Cache.Find(HubName.Parse(Repository + ":Q8_0")));
        Assert.Null(sandbox.Cache.Find(HubName.Parse(Repository + ":Q2_K")));
        Assert.Null(sandbox.Cache.Find(HubName.Parse("org/other")));
        Assert.Equal([Repository], sandbox.Cache.Repositories());
    }

    [Fact]
    public void Looks_at_the_commit_of_main_first_and_at_others_too()
    {
        Place(First, "tiny-Q8_0.gguf", "bb");
        Place(Second, "tiny-Q4_K_M.gguf", "aa");
        Ref("main", Second);
        Ref("refs/pr/1", First);
        Assert.Equal(SnapshotOf(Second, "tiny-Q4_K_M.gguf"), sandbox.Cache.Find(HubName.Parse(Repository)));
        Assert.Equal(SnapshotOf(First, "tiny-Q8_0.gguf"), sandbox.Cache.Find(HubName.Parse(Repository + ":Q8_0")));
        Assert.Equal(SnapshotOf(First, "tiny-Q8_0.gguf"), sandbox.Cache.Find(HubName.Parse(Repository + "@refs/pr/1")));
        Assert.Null(sandbox.Cache.Find(HubName.Parse(Repository + "@nowhere")));
        Assert.Equal(["refs/pr/1"], sandbox.Cache.RefsAt(Repository, First));
    }

    [Fact]
    public void Does_not_take_links_to_nothing_for_files()
    {
        Place(First, "tiny-Q8_0.gguf", "bb");
        File.Delete(sandbox.Cache.BlobPath(Repository, "bb"));
        Assert.Empty(sandbox.Cache.Files(Repository, First));
        Assert.Null(sandbox.Cache.Find(HubName.Parse(Repository)));
    }

    [Fact]
    public void Takes_files_that_are_no_links_as_on_windows()
    {
        string path = SnapshotOf(First, "tiny-Q8_0.gguf");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "x");
        Assert.Equal(path, sandbox.Cache.Find(HubName.Parse(Repository)));
        Assert.Equal(1, sandbox.Cache.Remove(HubName.Parse(Repository + ":Q8_0")));
        Assert.Empty(sandbox.Entries());
    }

    [Fact]
    public void Lists_models_with_names_that_open_them()
    {
        Place(First, "tiny-Q8_0.gguf", "bb");
        Place(Second, "tiny-Q8_0.gguf", "cc");
        Place(Second, "config.json", "dd");
        Place(Second, "model.safetensors", "ee");
        Ref("main", Second);
        CachedModel[] models = [.. sandbox.Cache.Models()];
        Assert.Equal([$"{Repository}:Q8_0", Repository, $"{Repository}:Q8_0@111111111111"], models.Select(model => model.Name.ToString()));
        Assert.All(models.Where(model => model.Form == ModelForm.Gguf), model => Assert.Equal(model.Path, sandbox.Cache.Find(model.Name)));
    }

    [Fact]
    public void Deletes_a_model_and_the_contents_that_nothing_else_shows()
    {
        Place(First, "tiny-Q8_0.gguf", "bb");
        Place(First, "sub/tiny-Q4_K_M.gguf", "aa");
        Place(Second, "tiny-Q8_0.gguf", "bb");
        Ref("main", Second);
        Ref("old", First);
        Assert.Equal(2 + 40, sandbox.Cache.Remove(HubName.Parse($"{Repository}:Q4_K_M")) + 40);
        Assert.Equal(["bb"], Directory.EnumerateFiles(Path.Combine(Folder, "blobs")).Select(path => Path.GetFileName(path)));
        Assert.False(Directory.Exists(SnapshotOf(First, "sub")));
        sandbox.Cache.Remove(HubName.Parse($"{Repository}@old"));
        Assert.Equal(["main"], Directory.EnumerateFiles(Path.Combine(Folder, "refs")).Select(path => Path.GetFileName(path)));
        Assert.Equal(SnapshotOf(Second, "tiny-Q8_0.gguf"), sandbox.Cache.Find(HubName.Parse(Repository)));
        sandbox.Cache.Remove(HubName.Parse($"{Repository}:Q8_0"));
        Assert.Empty(sandbox.Entries());
        Assert.Throws<CriaException>(() => sandbox.Cache.Remove(HubName.Parse(Repository)));
    }

    [Fact]
    public async Task Does_not_delete_what_another_process_is_fetching()
    {
        Place(First, "tiny-Q8_0.gguf", "bb");
        File.WriteAllText(sandbox.Cache.BlobPath(Repository, "cc") + HubCache.PartEnding, "");
        using (await BlobLock.TakeAsync(sandbox.Cache.LockPath(Repository, "cc"), () => { }, TestContext.Current.CancellationToken))
            Assert.Equal($"{Repository} is being fetched by another process; end that first", Assert.Throws<CriaException>(() => sandbox.Cache.Remove(HubName.Parse(Repository))).Message);
        sandbox.Cache.Remove(HubName.Parse(Repository));
        Assert.Empty(sandbox.Entries());
    }

    [Fact]
    public void Puts_a_file_in_place_of_a_link_to_nothing()
    {
        Place(First, "tiny-Q8_0.gguf", "bb");
        File.Delete(sandbox.Cache.BlobPath(Repository, "bb"));
        File.WriteAllText(sandbox.Cache.BlobPath(Repository, "cc"), "new");
        sandbox.Cache.Link(Repository, First, "tiny-Q8_0.gguf", "cc", isNew: true);
        Assert.Equal("new", File.ReadAllText(SnapshotOf(First, "tiny-Q8_0.gguf")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../../etc")]
    [InlineData("not a commit")]
    public void Ignores_notes_that_are_no_commit(string note)
    {
        Place(First, "tiny-Q8_0.gguf", "bb");
        Ref("main", note);
        Assert.Equal(SnapshotOf(First, "tiny-Q8_0.gguf"), sandbox.Cache.Find(HubName.Parse(Repository)));
    }

    private string Folder => Path.Combine(sandbox.Folder, "models--org--tiny-GGUF");

    private string SnapshotOf(string commit, string path) => Path.Combine(Folder, "snapshots", commit, path);

    private void Place(string commit, string path, string etag)
    {
        string link = SnapshotOf(commit, path), blob = Path.Combine(Folder, "blobs", etag);
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        File.WriteAllText(blob, etag);
        File.CreateSymbolicLink(link, Path.GetRelativePath(Path.GetDirectoryName(link)!, blob));
    }

    private void Ref(string name, string commit)
    {
        string path = Path.Combine(Folder, "refs", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, commit);
    }
}
