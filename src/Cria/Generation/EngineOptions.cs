using Cria.Tensors.Backends;

namespace Cria.Generation;

/// <summary>What the owner of an engine chooses.</summary>
public sealed record EngineOptions
{
    /// <summary>Most tokens a sequence may have, prompt and answer together.</summary>
    public required long ContextLength { get; init; }

    /// <summary>Tokens all sequences together may keep in the cache; null is one sequence of <see cref="ContextLength"/>. Memory is taken as it is used.</summary>
    public long? CacheTokens { get; init; }

    /// <summary>How keys and values are stored.</summary>
    public KvTypes CacheType { get; init; } = KvTypes.Default;

    /// <summary>Sequences that run at once; others wait.</summary>
    public int MaxSequences { get; init; } = 16;

    /// <summary>Sequences that may wait; more are refused.</summary>
    public int QueueCapacity { get; init; } = 1024;

    /// <summary>Prompt tokens taken in a step while nobody is being answered.</summary>
    public int PromptChunk { get; init; } = 512;

    /// <summary>Prompt tokens taken in a step while answers are running, so that they keep flowing.</summary>
    public int PromptChunkWhileAnswering { get; init; } = 128;

    /// <summary>Tokens that end an answer unless a request names its own.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>What holds where a request chooses nothing.</summary>
    public SamplingOptions Defaults { get; init; } = SamplingOptions.Llama3;
}
