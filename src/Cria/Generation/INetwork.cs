using Cria.Models;
using Cria.Tensors.Backends;

namespace Cria.Generation;

/// <summary>What the engine needs of a network: a step over a batch, and the logits it asked for. Tests put a network in its place whose answers are known.</summary>
internal interface INetwork : IDisposable
{
    /// <summary>Number of tokens.</summary>
    int VocabularySize { get; }

    /// <summary>Adapters that a sequence may choose from, numbered from 1.</summary>
    int AdapterCount => 0;

    /// <summary>Makes the cache that <see cref="Forward"/> works on.</summary>
    KvCache CreateCache(long maxTokens, KvTypes types);

    /// <summary>Runs one step.</summary>
    void Forward(Batch batch, KvCache cache);

    /// <summary>A row of logits of the last step: [vocabulary]; valid until the next.</summary>
    ReadOnlySpan<float> Logits(int row);

    /// <summary>A row of features of the last step: [hidden]; valid until the next.</summary>
    ReadOnlySpan<float> Features(int row);
}
