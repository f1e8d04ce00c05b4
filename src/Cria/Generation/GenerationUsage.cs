namespace Cria.Generation;

/// <summary>What an answer cost.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CachedTokens">Those of them that were found in the cache.</param>
/// <param name="GeneratedTokens">Tokens of the answer.</param>
/// <param name="QueueTime">From the request until the first step that served it.</param>
/// <param name="PromptTime">From then until the first token of the answer.</param>
/// <param name="DecodeTime">From then until the last.</param>
public sealed record GenerationUsage(int PromptTokens, int CachedTokens, int GeneratedTokens, TimeSpan QueueTime, TimeSpan PromptTime, TimeSpan DecodeTime)
{
    /// <summary>Prompt tokens computed a second.</summary>
    public double PromptTokensPerSecond => Rate(PromptTokens - CachedTokens, PromptTime);

    /// <summary>Tokens of the answer a second, after the first.</summary>
    public double TokensPerSecond => Rate(GeneratedTokens - 1, DecodeTime);

    private static double Rate(int tokens, TimeSpan time) => tokens > 0 && time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;
}
