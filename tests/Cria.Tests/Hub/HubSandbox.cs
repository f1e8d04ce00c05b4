using Cria.Hub;

namespace Cria.Tests.Hub;

/// <summary>A cache folder of its own for one test, and options that fetch small files as if they were large and lose no time.</summary>
internal sealed class HubSandbox : IDisposable
{
    /// <summary>Bytes of a block; a file of a megabyte has sixteen.</summary>
    public const int BlockBytes = 64 << 10;

    /// <summary>The folder.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("cria-hub-").FullName;

    /// <summary>The cache in it.</summary>
    public HubCache Cache => new(Folder);

    /// <summary>Options to talk to the hub with.</summary>
    public HubOptions Options(TestHub hub, string? token = null) => new()
    {
        Endpoint = new Uri(hub.Endpoint + "/"),
        CacheFolder = Folder,
        Token = token,
        Connections = 4,
        Attempts = 4,
        FirstPause = TimeSpan.FromMilliseconds(1),
        LongestPause = TimeSpan.FromSeconds(3),
        Patience = TimeSpan.FromSeconds(20),
        BlockBytes = BlockBytes,
        BlocksOfRequest = 2,
    };

    /// <summary>Plans and pulls; returns the path to open.</summary>
    public async Task<string> PullAsync(TestHub hub, string name, string? token = null, IProgress<PullProgress>? progress = null, params string[] include)
    {
        using var models = new ModelHub(Options(hub, token));
        PullPlan plan = await models.PlanAsync(HubName.Parse(name), include, TestContext.Current.CancellationToken);
        return await models.PullAsync(plan, progress, TestContext.Current.CancellationToken);
    }

    /// <summary>Everything in the cache but locks, as paths inside it.</summary>
    public string[] Entries() => [.. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Folder, path)).Where(path => !path.StartsWith(".locks", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
