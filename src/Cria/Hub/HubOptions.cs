using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Hub;

/// <summary>Where models come from and where they are kept; shared with other tools through the variables that <c>huggingface_hub</c> reads.</summary>
public sealed record HubOptions
{
    /// <summary>The hub's address.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co/");

    /// <summary>The user's access token, sent to <see cref="Endpoint"/> alone; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>The folder of <c>models--org--name</c> folders.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Never use the network.</summary>
    public bool Offline { get; init; }

    /// <summary>Transfers at a time.</summary>
    public int Connections { get; init; } = 8;

    /// <summary>Failures in a row, of one transfer, after which it is given up.</summary>
    internal int Attempts { get; init; } = 6;

    /// <summary>Pause after the first failure; each further one doubles it.</summary>
    internal TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause that is waited for, also where the hub asks for one.</summary>
    internal TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Waits; replaceable, so that a test need not.</summary>
    internal Func<TimeSpan, CancellationToken, Task> Pause { get; init; } = Task.Delay;

    /// <summary>How long a server may be silent.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The grain of resuming: what a kill can lose of one transfer.</summary>
    internal int BlockBytes { get; init; } = 1 << 20;

    /// <summary>Blocks that one request asks for.</summary>
    internal int BlocksOfRequest { get; init; } = 32;

    /// <summary>
    /// Options from the environment: <c>HF_ENDPOINT</c>, <c>HF_TOKEN</c> (else the file <c>HF_TOKEN_PATH</c>), <c>HF_HUB_CACHE</c>, <c>HF_HOME</c>, <c>HF_HUB_OFFLINE</c>.
    /// Throws <see cref="CriaException"/> for an endpoint that is no address.
    /// </summary>
    /// <param name="variable">Looks a variable up; null reads the process's own.</param>
    public static HubOptions FromEnvironment(Func<string, string?>? variable = null)
    {
        Func<string, string?> read = variable ?? Environment.GetEnvironmentVariable;
        string user = read("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string home = Folder(Value("HF_HOME")) ?? Path.Combine(Folder(Value("XDG_CACHE_HOME")) ?? Path.Combine(user, ".cache"), "huggingface");
        return new HubOptions
        {
            Endpoint = Address(Value("HF_ENDPOINT") ?? "https://huggingface.co"),
            Token = Clean(Value("HF_TOKEN") ?? Value("HUGGING_FACE_HUB_TOKEN")) ?? TokenFile(Folder(Value("HF_TOKEN_PATH")) ?? Path.Combine(home, "token")),
            CacheFolder = Path.GetFullPath(Folder(Value("HF_HUB_CACHE") ?? Value("HUGGINGFACE_HUB_CACHE")) ?? Path.Combine(home, "hub")),
            Offline = (Value("HF_HUB_OFFLINE") ?? Value("TRANSFORMERS_OFFLINE"))?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE",
        };

        string? Value(string name) => read(name) is { Length: > 0 } value ? value : null;
        string? Folder(string? path) => path is null ? null : path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? user + path[1..] : path;
    }

    private static Uri Address(string text) =>
        Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp) && address.Query.Length == 0 ? address
        : throw new CriaException($"HF_ENDPOINT is '{ForeignText.Shown(text)}', which is no address of a server; write it like https://huggingface.co");

    private static string? TokenFile(string path)
    {
        try
        {
            return File.Exists(path) ? Clean(File.ReadAllText(path)) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path} holds the hub's token but cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
    }

    // A token is one word of printable ASCII; a line break in it would end a header.
    private static string? Clean(string? token)
    {
        string word = token?.Trim() ?? "";
        if (word.Any(c => c is <= ' ' or > '~')) throw new CriaException("the hub's token (HF_TOKEN or the token file) holds characters that no token has; copy it again");
        return word.Length == 0 ? null : word;
    }
}
