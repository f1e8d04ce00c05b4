using Cria.Models;
using Cria.Training.Ranks;

namespace Cria.Training;

/// <summary>
/// What training holds in memory, in bytes, before it begins; <see cref="Trainer.MemoryBytes"/> tells it afterwards. With H features, Q and K those of query heads
/// and of key-value heads, F of the feed-forward network, L layers, A heads, V tokens in the vocabulary, and T tokens in a batch (rows × length):
/// <code>
/// weights       16 · learned + 4 · frozen                                    value, gradient, two means
/// activations   4 · T · (L · (6H + 2Q + 2K + 3F + A) + 3H + Q/A)              what the way back reads
///               4 · T · (L · 2H + 4H + 2Q + 2K + 3F + A + 3H + Q/A)           the same, recomputed layer by layer
/// way back      4 · T · (4H + Q + 2K + F) + 4 · max(64 · V, 4 Mi)             gradients on their way, logits of a few rows
/// </code>
/// Attention adds nothing that grows with the square of a document's length. Adapters add their factors to the weights, and little else.
/// </summary>
/// <param name="Weights">Values, gradients and means.</param>
/// <param name="Activations">What the forward pass keeps.</param>
/// <param name="WayBack">Gradients of activations and logits.</param>
public sealed record TrainingMemory(long Weights, long Activations, long WayBack)
{
    /// <summary>All of it.</summary>
    public long Total => Weights + Activations + WayBack;

    /// <summary>The formula above.</summary>
    /// <param name="config">The network's shape.</param>
    /// <param name="learned">Weights that are learned.</param>
    /// <param name="frozen">Weights that are not.</param>
    /// <param name="tokens">Tokens of a batch.</param>
    /// <param name="recompute">Whether a layer's activations are computed again on the way back.</param>
    /// <param name="ranks">
    /// Ranks that share the work, of which this is the memory of one: the tokens and the optimizer's means are divided, and where there is a ring, keys and values arrive and their gradients
    /// leave: 40 · T · K more.
    /// </param>
    public static TrainingMemory Of(LlamaConfig config, long learned, long frozen, long tokens, bool recompute, RankLayout? ranks = null)
    {
        ranks ??= new RankLayout();
        tokens = (tokens + ranks.Count - 1) / ranks.Count;
        long hidden = config.HiddenSize, queries = (long)config.HeadCount * config.HeadSize, keys = (long)config.KeyValueHeadCount * config.HeadSize;
        long inner = 2 * queries + 2 * keys + 3L * config.FeedForwardSize + config.HeadCount;
        long layers = recompute ? config.LayerCount * 2 * hidden + 4 * hidden + inner : config.LayerCount * (6 * hidden + inner);
        long back = 4 * hidden + queries + 2 * keys + config.FeedForwardSize;
        if (ranks.Ring > 1) back += 10 * keys;
        return new TrainingMemory(
            8 * learned + 8 * learned / ranks.Count + 4 * frozen,
            sizeof(float) * tokens * (layers + 3 * hidden + config.HeadSize),
            sizeof(float) * (tokens * back + Math.Max(64L * config.VocabularySize, 1L << 22)));
    }
}
