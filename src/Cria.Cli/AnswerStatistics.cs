using System.Globalization;
using System.Text.Json;
using Cria.Generation;

namespace Cria.Cli;

/// <summary>What an answer cost, as text and as JSON.</summary>
internal static class AnswerStatistics
{
    /// <summary>One line: prompt, answer, speeds, and why it ended.</summary>
    public static string Line(GenerationUsage usage, FinishReason reason) => $"prompt {Prompt(usage)} · answer {Answer(usage, reason)}";

    /// <summary>Tokens of the prompt and how fast they were read.</summary>
    public static string Prompt(GenerationUsage usage)
    {
        string cached = usage.CachedTokens > 0 ? FormattableString.Invariant($" ({usage.CachedTokens} from the cache)") : "";
        return $"{Tokens(usage.PromptTokens)}{cached}, {Speed(usage.PromptTokensPerSecond)}";
    }

    /// <summary>Tokens of the answer, how fast they were written, and why they ended where it was not the model's own end.</summary>
    public static string Answer(GenerationUsage usage, FinishReason reason)
    {
        string end = reason switch
        {
            FinishReason.Stop => "",
            FinishReason.Length => ", cut at the limit",
            _ => ", stopped",
        };
        return $"{Tokens(usage.GeneratedTokens)}, {Speed(usage.TokensPerSecond)}{end}";
    }

    /// <summary>Writes token counts and timings as members of the current object.</summary>
    public static void Write(Utf8JsonWriter json, GenerationUsage usage, FinishReason reason, TimeSpan loadTime)
    {
        json.WriteString("finishReason", reason switch { FinishReason.Stop => "stop", FinishReason.Length => "length", _ => "cancelled" });
        json.WriteStartObject("tokens");
        json.WriteNumber("prompt", usage.PromptTokens);
        json.WriteNumber("cached", usage.CachedTokens);
        json.WriteNumber("generated", usage.GeneratedTokens);
        json.WriteEndObject();
        json.WriteStartObject("timings");
        json.WriteNumber("loadSeconds", Rounded(loadTime.TotalSeconds));
        json.WriteNumber("promptSeconds", Rounded(usage.PromptTime.TotalSeconds));
        json.WriteNumber("generateSeconds", Rounded(usage.DecodeTime.TotalSeconds));
        json.WriteNumber("promptTokensPerSecond", Rounded(usage.PromptTokensPerSecond));
        json.WriteNumber("generatedTokensPerSecond", Rounded(usage.TokensPerSecond));
        json.WriteEndObject();
    }

    private static string Tokens(int count) => count == 1 ? "1 token" : FormattableString.Invariant($"{count} tokens");

    private static string Speed(double tokensPerSecond) => tokensPerSecond.ToString(tokensPerSecond < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) + " t/s";

    private static double Rounded(double value) => Math.Round(value, 4);
}
