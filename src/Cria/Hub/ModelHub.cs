using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Hub;

/// <summary>
/// The hub as a user sees it: look at a repository, pull a model. Pulled models lie in the cache that other tools share.
/// <code>
/// using var hub = new ModelHub(HubOptions.FromEnvironment());
/// string path = await hub.PullAsync(await hub.PlanAsync(HubName.Parse("meta-llama/Llama-3.2-1B-Instruct")));
/// </code>
/// </summary>
public sealed class ModelHub : IDisposable
{
    // A file of fewer blocks is fetched in one transfer, beside others; a larger one has all connections.
    private const int SmallBlocks = 8;

    // Left free beyond what a pull needs, so that nothing else on the machine comes to a stop.
    private const long SpareBytes = 64 << 20;

    private readonly HubOptions options;
    private readonly HubTransport transport;
    private readonly HubClient client;

    /// <summary>Opens no connection yet.</summary>
    public ModelHub(HubOptions options)
    {
        this.options = options;
        transport = new HubTransport(options);
        client = new HubClient(options, transport);
        Cache = new HubCache(options.CacheFolder);
    }

    /// <summary>Models on this computer.</summary>
    public HubCache Cache { get; }

    /// <summary>What the hub holds under the name. Throws <see cref="CriaException"/> when that is nothing, closed to this user, or the hub may not or cannot be reached.</summary>
    public Task<HubRepository> LookAsync(HubName name, CancellationToken cancellationToken = default) => !options.Offline ? client.RepositoryAsync(name, cancellationToken)
        : throw new CriaException($"{name} is not on this computer, and --offline (HF_HUB_OFFLINE) forbids to fetch it");

    /// <summary>What of a repository is on this computer. Throws <see cref="CriaException"/> when that is nothing.</summary>
    public HubRepository Here(HubName name) => Cache.Commits(name) is [string commit, ..] ? new HubRepository(name.Repository, commit, false, null, Cache.Files(name.Repository, commit))
        : throw new CriaException($"{name} is not on this computer; 'cria list' shows what is");

    /// <summary>Which of a repository's files are on this computer, at whatever commit their content came.</summary>
    public HashSet<string> Here(HubName name, HubRepository repository) => [.. repository.Files.Where(file => HubFile.IsSafe(file.Path) && IsHere(name, repository.Commit, file)).Select(file => file.Path)];

    /// <summary>The model that a pull takes where the name tells no variant; null where one must be named.</summary>
    public static ModelVariant? Default(HubRepository repository) => ModelChoice.Preferred(repository.Models);

    /// <summary>Finds out what a pull would fetch.</summary>
    /// <param name="name">The model.</param>
    /// <param name="include">Patterns of files to fetch in place of a model that the name chooses; empty for none.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public async Task<PullPlan> PlanAsync(HubName name, IReadOnlyList<string>? include = null, CancellationToken cancellationToken = default)
    {
        HubRepository repository = await LookAsync(name, cancellationToken).ConfigureAwait(false);
        ModelVariant model = include is { Count: > 0 } ? ModelChoice.Matching(name, repository.Files, include)
            : ModelChoice.Find(name, repository.Files, transport.Host) ?? throw ModelChoice.Missing(name, repository.Files, transport.Host);
        foreach (HubFile file in model.Files)
        {
            if (!HubFile.IsSafe(file.Path)) throw new CriaException($"{name.Repository} has a file called '{ForeignText.Shown(file.Path)}', which would not stay in its folder; it was refused");
        }
        long missing = model.Files.Sum(file => IsHere(name, repository.Commit, file) ? 0 : file.Bytes - Arrived(name, file));
        return new PullPlan(name, repository.Commit, model, missing);
    }

    /// <summary>Fetches what is missing and returns the path to open. Throws <see cref="CriaException"/> when that fails; a later pull goes on where this one stopped.</summary>
    public async Task<string> PullAsync(PullPlan plan, IProgress<PullProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        try
        {
            CheckSpace(plan);
            var meter = new PullMeter(progress, plan.Model);
            List<HubFile> large = [];
            List<HubFile> small = [];
            foreach (HubFile file in plan.Model.Files) (file.Bytes > (long)SmallBlocks * options.BlockBytes ? large : small).Add(file);
            var several = new ParallelOptions { MaxDegreeOfParallelism = options.Connections, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(small, several, async (file, token) => await BringAsync(plan, file, meter, token).ConfigureAwait(false)).ConfigureAwait(false);
            // One after the other, so that a broken-off pull leaves as few unfinished files as can be.
            foreach (HubFile file in large) await BringAsync(plan, file, meter, cancellationToken).ConfigureAwait(false);
            Cache.WriteRef(plan.Name.Repository, plan.Name.RevisionOrMain, plan.Commit);
            return Cache.SnapshotPath(plan.Name.Repository, plan.Commit, plan.Model.Entry);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{Cache.Folder} cannot be written: {failure.Message.ReplaceLineEndings(" ")}; free space, or choose another folder with HF_HUB_CACHE; what was fetched is kept", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => transport.Dispose();

    private async Task BringAsync(PullPlan plan, HubFile file, PullMeter meter, CancellationToken cancellationToken)
    {
        if (IsHere(plan.Name, plan.Commit, file))
        {
            if (file.BlobName is { } blob && File.Exists(Cache.BlobPath(plan.Name.Repository, blob))) Cache.Link(plan.Name.Repository, plan.Commit, file.Path, blob, isNew: false);
            meter.Found(file.Path, file.Bytes);
        }
        else
        {
            try
            {
                await FetchAsync(plan, file, meter, cancellationToken).ConfigureAwait(false);
            }
            catch (ContentChangedException)
            {
                try
                {
                    await FetchAsync(plan, file, meter, cancellationToken).ConfigureAwait(false);
                }
                catch (ContentChangedException again)
                {
                    throw new CriaException($"{again.Message}, twice; try again later", again);
                }
            }
        }
        meter.FileDone(file.Path);
    }

    private async Task FetchAsync(PullPlan plan, HubFile file, PullMeter meter, CancellationToken cancellationToken)
    {
        string repository = plan.Name.Repository;
        FileSource source = await LocateAsync(new Backoff(options), cancellationToken).ConfigureAwait(false);
        using BlobLock held = await BlobLock.TakeAsync(Cache.LockPath(repository, source.Etag), () => meter.Report(PullStage.Waiting, file.Path), cancellationToken).ConfigureAwait(false);
        string blob = Cache.BlobPath(repository, source.Etag);
        bool isNew = !(new FileInfo(blob) is { Exists: true } there && there.Length == file.Bytes);
        if (isNew)
        {
            using var download = new BlobDownload(options, transport, source, LocateAsync, reply => HubRefusal.Check(reply, options, plan.Name, file.Path), file, repository, blob, meter);
            await download.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            meter.Found(file.Path, file.Bytes);
        }
        Cache.Link(repository, plan.Commit, file.Path, source.Etag, isNew);

        Task<FileSource> LocateAsync(Backoff backoff, CancellationToken token) => client.FileAsync(plan.Name, plan.Commit, file, backoff, token);
    }

    private void CheckSpace(PullPlan plan)
    {
        if (plan.MissingBytes == 0) return;
        Directory.CreateDirectory(Cache.Folder);
        long free;
        try
        {
            free = new DriveInfo(Cache.Folder).AvailableFreeSpace;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Some mounts do not tell; then writing will.
            return;
        }
        if (plan.MissingBytes > free - SpareBytes)
            throw new CriaException($"{plan.Name} needs {Gigabytes(plan.MissingBytes)} GB more and {Cache.Folder} has {Gigabytes(free)} GB free; free space ('cria list' and 'cria rm'), or choose another folder with HF_HUB_CACHE");
    }

    private bool IsHere(HubName name, string commit, HubFile file) => HubCache.ContentBytes(Cache.SnapshotPath(name.Repository, commit, file.Path)) == file.Bytes
        || (file.BlobName is { } blob && HubCache.ContentBytes(Cache.BlobPath(name.Repository, blob)) == file.Bytes);

    private long Arrived(HubName name, HubFile file) => file.BlobName is { } blob && File.Exists(Cache.BlobPath(name.Repository, blob) + HubCache.PartEnding) ? Math.Min(file.Bytes, RangeMap.DoneBytesOf(Cache.BlobPath(name.Repository, blob))) : 0;

    private static string Gigabytes(long bytes) => (bytes / 1e9).ToString("0.0", System.Globalization.CultureInfo.InvariantCulture);
}
