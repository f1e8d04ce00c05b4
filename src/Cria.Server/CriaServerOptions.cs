namespace Cria.Server;

/// <summary>How a model is served. The defaults suit one machine's own programs.</summary>
public sealed record CriaServerOptions
{
    /// <summary>The name that clients see and ask for; null is the model's own.</summary>
    public string? Alias { get; init; }

    /// <summary>Further names that requests may use for the model.</summary>
    public IReadOnlyList<string> OtherNames { get; init; } = [];

    /// <summary>Keys of which every request must bear one; empty lets everybody in.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>Answers that one request may ask for at once.</summary>
    public int MaxChoices { get; init; } = 128;

    /// <summary>Bytes that the body of a request may have.</summary>
    public long MaxBodyBytes { get; init; } = 32 << 20;

    /// <summary>Requests a key, or an address where there are no keys, may begin in a minute; null sets no limit.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>A collector that spans and metrics are sent to by OTLP, such as <c>http://localhost:4318</c>; null sends none. A server of one's own sends them itself, from the source and meter <c>Cria.Server</c>.</summary>
    public Uri? Telemetry { get; init; }

    /// <summary>A folder in which clients may save the keys and values of prompts, and from which they may restore them; null lets them do neither.</summary>
    public string? PromptFolder { get; init; }

    /// <summary>A port of its own for <c>/metrics</c> and <c>/health</c>, where no key is asked for, beside the server's; null opens none. Only <see cref="ServerHost"/> heeds it.</summary>
    public int? MetricsPort { get; init; }

    /// <summary>Writes prompts and answers to the log too.</summary>
    public bool LogsText { get; init; }

    /// <summary>Serves the chat page at <c>/</c>.</summary>
    public bool HasPage { get; init; } = true;
}
