using System.CommandLine;
using Cria.Adapters;
using Cria.Cli.Options;
using Cria.Server;
using Microsoft.Extensions.Logging;

namespace Cria.Cli.Serving;

/// <summary>The options of <c>cria serve</c>, and those of the servers its users come from.</summary>
internal sealed class ServeFlags
{
    private const string DefaultHost = "127.0.0.1", KeyVariable = "CRIA_API_KEY", CollectorVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const int DefaultPort = 8000, DefaultParallel = 16, DefaultQueue = 1024;

    private readonly Option<string> host = new("--host") { HelpName = "ADDRESS", Description = $"Listen on this address (default {DefaultHost}, this machine only); 0.0.0.0 is every network.", DefaultValueFactory = _ => DefaultHost };
    private readonly Option<long?> port = Numbers.Integer("--port", [], "N", $"Listen on this port (default {DefaultPort}); 0 takes a free one.", 0, 65535);
    private readonly Option<bool> anyPort = new("--any-port") { Description = "Take a free port where that one is taken." };
    private readonly Option<string[]> keys = new("--api-key") { HelpName = "KEY", Description = $"Let in only requests that bear this key; may be given several times, or as {KeyVariable} with commas between.", AllowMultipleArgumentsPerToken = false };
    private readonly Option<string?> alias = new("--alias") { HelpName = "NAME", Description = "The model's name as clients see it." };
    private readonly Option<bool> open = new("--open") { Description = "Open the chat page in a browser; the default on a desktop's terminal." };
    private readonly Option<bool> noBrowser = new("--no-browser", "--nobrowser") { Description = "Open no browser." };
    private readonly Option<bool> verbose = new("--verbose") { Description = "Log every request on standard error, without its text." };
    private readonly Option<string?> logFormat = new Option<string?>("--log") { HelpName = "FORMAT", Description = "How the log is written: text (the default) or json, one object a line." }.AcceptOnlyFromAmong("text", "json");
    private readonly Option<bool> logText = new("--log-text") { Description = "Write prompts and answers to the log too; includes --verbose." };
    private readonly Option<string?> collector = new("--otlp") { HelpName = "URL", Description = $"Send spans and metrics to this OpenTelemetry collector; by default to {CollectorVariable} where that is set." };
    private readonly Option<long?> metricsPort = Numbers.Integer("--metrics-port", [], "N", "Offer /metrics and /health on this port too, without a key.", 1, 65535);
    private readonly Option<string[]> adapters = new("--adapter", "--lora-modules")
    {
        HelpName = "NAME=ADAPTER[:SCALE]",
        Description = "Offer the model with a LoRA adapter too, to requests that ask for NAME; may be given several times.",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<long?> parallel = Numbers.Integer("--parallel", ["-np"], "N", $"Answers computed at once (default {DefaultParallel}); further requests wait.", 1, 1024);
    private readonly Option<long?> queue = Numbers.Integer("--queue", [], "N", $"Requests that may wait (default {DefaultQueue}); further ones are told to come again.", 0, 1 << 20);
    private readonly Option<long?> rate = Numbers.Integer("--requests-per-minute", [], "N", "Most requests a minute of one key, or of one address where there are no keys.", 1, 1_000_000);
    private readonly Option<string?> prompts = new("--slot-save-path") { HelpName = "FOLDER", Description = "Let clients keep prompts in this folder, computed, with POST /slots/0?action=save and restore." };
    private readonly Option<long?> containerPort = Hidden(Numbers.Integer("--web-server-port", [], "N", "As --port.", 0, 65535));
    private readonly Option<string?> hubName = Hidden(new Option<string?>("--hf-model-name") { HelpName = "REPO", Description = "As MODEL." });
    private readonly Option<string?> gpuLayers = Hidden(new Option<string?>("--n-gpu-layers", "-ngl") { HelpName = "N", Description = "Understood and without effect: the processor computes." });
    private readonly Option<bool> server = Hidden(new Option<bool>("--server") { Description = "Understood and without effect: this is the server." });

    /// <summary>Adds the options to the command.</summary>
    public void AddTo(Verb verb)
    {
        verb.Add("Address", host, port, anyPort, open, noBrowser);
        verb.Add("Requests", keys, alias, adapters, parallel, queue, rate, prompts);
        verb.Add("Observation", verbose, logText, logFormat, metricsPort, collector);
        foreach (Option other in (Option[])[containerPort, hubName, gpuLayers, server]) verb.Options.Add(other);
    }

    /// <summary>The address to listen on.</summary>
    public string Host(ParseResult parsed) => parsed.GetValue(host)!;

    /// <summary>The port to listen on.</summary>
    public int Port(ParseResult parsed) => (int)(parsed.GetValue(port) ?? parsed.GetValue(containerPort) ?? DefaultPort);

    /// <summary>Whether another port will do.</summary>
    public bool AnyPort(ParseResult parsed) => parsed.GetValue(anyPort);

    /// <summary>Answers computed at once.</summary>
    public int Parallel(ParseResult parsed) => (int)(parsed.GetValue(parallel) ?? DefaultParallel);

    /// <summary>Requests that may wait.</summary>
    public int Queue(ParseResult parsed) => (int)(parsed.GetValue(queue) ?? DefaultQueue);

    /// <summary>Adapters that requests choose by name.</summary>
    public IReadOnlyList<NamedAdapter> Adapters(ParseResult parsed) => [.. (parsed.GetValue(adapters) ?? []).Select(AdapterText.ParseNamed)];

    /// <summary>The model under the name of an option that others have; null when not given.</summary>
    public string? HubName(ParseResult parsed) => parsed.GetValue(hubName);

    /// <summary>What is logged.</summary>
    public LogLevel LogLevel(ParseResult parsed) => parsed.GetValue(verbose) || parsed.GetValue(logText) ? Microsoft.Extensions.Logging.LogLevel.Information : Microsoft.Extensions.Logging.LogLevel.Warning;

    /// <summary>Whether the log is JSON.</summary>
    public bool LogsJson(ParseResult parsed) => parsed.GetValue(logFormat) == "json";

    /// <summary>Whether to open a browser.</summary>
    public bool Opens(ParseResult parsed, Terminal terminal) =>
        !parsed.GetValue(noBrowser) && (parsed.GetValue(open) || (terminal.OutputIsTerminal && Host(parsed) == DefaultHost && Browser.HasDesktop()));

    /// <summary>How the model is served.</summary>
    public CriaServerOptions Read(ParseResult parsed, string? named)
    {
        string[] fromEnvironment = (Environment.GetEnvironmentVariable(KeyVariable) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] all = [.. parsed.GetValue(keys) ?? [], .. fromEnvironment];
        if (all.Any(key => key.Length == 0)) throw new UsageException("--api-key is empty; give a key, or leave it out to let everybody in");
        return new CriaServerOptions
        {
            Alias = parsed.GetValue(alias),
            OtherNames = named is null ? [] : [named],
            ApiKeys = all,
            MetricsPort = (int?)parsed.GetValue(metricsPort),
            Telemetry = Collector(parsed),
            LogsText = parsed.GetValue(logText),
            RequestsPerMinute = (int?)parsed.GetValue(rate),
            PromptFolder = Folder(parsed),
        };
    }

    private string? Folder(ParseResult parsed)
    {
        if (parsed.GetValue(prompts) is not { } folder) return null;
        return Directory.Exists(folder) ? Path.GetFullPath(folder) : throw new UsageException($"--slot-save-path: there is no folder {folder}; make it first");
    }

    private Uri? Collector(ParseResult parsed)
    {
        string? given = parsed.GetValue(collector), text = given ?? Environment.GetEnvironmentVariable(CollectorVariable);
        if (string.IsNullOrWhiteSpace(text)) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" ? address
            : throw new UsageException($"{(given is null ? CollectorVariable : "--otlp")} wants an address such as http://localhost:4318, not '{text}'");
    }

    private static Option<T> Hidden<T>(Option<T> option)
    {
        option.Hidden = true;
        return option;
    }
}
