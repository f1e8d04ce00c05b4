using System.Diagnostics;
using System.Diagnostics.Metrics;
using Cria.Generation;

namespace Cria.Server.Observation;

/// <summary>
/// What an observer of the process sees of answers: spans, and the metrics <c>gen_ai.server.*</c> of OpenTelemetry's conventions for generative models.
/// Costs next to nothing while nobody listens.
/// </summary>
internal static class Telemetry
{
    /// <summary>The name of the source of spans and of the meter.</summary>
    public const string SourceName = "Cria.Server";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly Meter Meter = new(SourceName);
    private static readonly Histogram<double> RequestDuration = Meter.CreateHistogram<double>("gen_ai.server.request.duration", "s", "From the request to the last token.");
    private static readonly Histogram<double> TimeToFirstToken = Meter.CreateHistogram<double>("gen_ai.server.time_to_first_token", "s", "From the request to the first token.");
    private static readonly Histogram<double> TimePerToken = Meter.CreateHistogram<double>("gen_ai.server.time_per_output_token", "s", "From a token to the next, the mean of an answer.");

    /// <summary>A span for the answers of a request; null while nobody listens.</summary>
    public static Activity? Begin(string operation, string model)
    {
        Activity? span = Source.StartActivity($"{operation} {model}", ActivityKind.Server);
        span?.SetTag("gen_ai.operation.name", operation).SetTag("gen_ai.provider.name", "cria").SetTag("gen_ai.request.model", model).SetTag("gen_ai.response.model", model);
        return span;
    }

    /// <summary>Tells a span how its answers ended.</summary>
    public static void End(Activity? span, int promptTokens, int generatedTokens, string[] reasons)
    {
        if (span is null) return;
        span.SetTag("gen_ai.usage.input_tokens", promptTokens).SetTag("gen_ai.usage.output_tokens", generatedTokens).SetTag("gen_ai.response.finish_reasons", reasons);
        if (reasons.Contains("abort")) span.SetStatus(ActivityStatusCode.Error, "the answer was cut off");
    }

    /// <summary>An answer has ended.</summary>
    public static void Answered(string operation, string model, GenerationUsage usage, string reason)
    {
        if (!RequestDuration.Enabled) return;
        var tags = new TagList { { "gen_ai.operation.name", operation }, { "gen_ai.provider.name", "cria" }, { "gen_ai.request.model", model }, { "gen_ai.response.model", model } };
        if (usage.GeneratedTokens > 0) TimeToFirstToken.Record((usage.QueueTime + usage.PromptTime).TotalSeconds, tags);
        if (usage.GeneratedTokens > 1) TimePerToken.Record(usage.DecodeTime.TotalSeconds / (usage.GeneratedTokens - 1), tags);
        if (reason == "abort") tags.Add("error.type", "cancelled");
        RequestDuration.Record((usage.QueueTime + usage.PromptTime + usage.DecodeTime).TotalSeconds, tags);
    }
}
