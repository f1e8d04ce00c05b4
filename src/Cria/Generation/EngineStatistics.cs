namespace Cria.Generation;

/// <summary>What an engine does and has done.</summary>
/// <param name="Running">Sequences that run.</param>
/// <param name="Waiting">Sequences that wait.</param>
/// <param name="UsedPages">Cache pages in use, known prefixes included.</param>
/// <param name="IdlePages">Those of them that hold known prefixes and no sequence needs.</param>
/// <param name="MaxPages">Cache pages that may be in use.</param>
/// <param name="CacheBytes">Bytes the cache holds from the system.</param>
/// <param name="Steps">Steps run.</param>
/// <param name="PromptTokens">Prompt tokens of all requests begun.</param>
/// <param name="CachedTokens">Those of them that were found in the cache.</param>
/// <param name="GeneratedTokens">Tokens generated.</param>
/// <param name="Preemptions">Times a sequence was pushed out, to be recomputed.</param>
/// <param name="Finished">Sequences that ended.</param>
/// <param name="Refused">Requests refused because too many waited.</param>
public readonly record struct EngineStatistics(
    int Running, int Waiting, long UsedPages, long IdlePages, long MaxPages, long CacheBytes,
    long Steps, long PromptTokens, long CachedTokens, long GeneratedTokens, long Preemptions, long Finished, long Refused);
