using System.Text.Json;

namespace Cria.Server.Answers;

/// <summary>What answers cost, as OpenAI has it, with the timings that llama.cpp's server adds.</summary>
internal static class UsageJson
{
    /// <summary>Writes <c>usage</c> and <c>timings</c>.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<ChoiceReader> choices)
    {
        // The prompt is computed once, by the first answer; its siblings begin with everything known.
        Generation.GenerationUsage[] usages = [.. choices.Select(choice => choice.Usage)];
        int prompt = usages[0].PromptTokens, answers = usages.Sum(usage => usage.GeneratedTokens), cached = usages.Min(usage => usage.CachedTokens);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", prompt);
        json.WriteNumber("completion_tokens", answers);
        json.WriteNumber("total_tokens", prompt + answers);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", cached);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("timings");
        json.WriteNumber("queue_ms", Math.Round(usages[0].QueueTime.TotalMilliseconds, 3));
        json.WriteNumber("prompt_ms", Math.Round(usages[0].PromptTime.TotalMilliseconds, 3));
        json.WriteNumber("prompt_per_second", Math.Round(usages[0].PromptTokensPerSecond, 3));
        json.WriteNumber("predicted_ms", Math.Round(usages.Max(usage => usage.DecodeTime).TotalMilliseconds, 3));
        json.WriteNumber("predicted_per_second", Math.Round(usages.Sum(usage => usage.TokensPerSecond), 3));
        json.WriteEndObject();
    }
}
