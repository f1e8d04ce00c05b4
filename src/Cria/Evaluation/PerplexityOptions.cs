namespace Cria.Evaluation;

/// <summary>How perplexity is measured.</summary>
public sealed record PerplexityOptions
{
    /// <summary>Tokens of a window. The second half of each is scored, so that every scored token has at least half a window before it.</summary>
    public int Window { get; init; } = 512;

    /// <summary>Most windows to score; null takes the whole text.</summary>
    public int? Windows { get; init; }
}
