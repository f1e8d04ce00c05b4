using Cria.Adapters;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;

namespace Cria.Models;

/// <summary>
/// The Llama network: one forward pass for every weight type, for prompts and single tokens, for one sequence and for many.
/// RMSNorm before each half-layer, rotary positions, grouped-query attention, SwiGLU; no biases (arXiv 2302.13971, 2407.21783).
/// </summary>
public sealed class Llama : IDisposable
{
    private readonly IBackend ops;
    private readonly LlamaWeights weights;

    /// <summary>
    /// Builds the network from a model file, with the products of <paramref name="adapters"/> added to those of its weights, and of <paramref name="choices"/> those that a
    /// sequence chooses (<see cref="KvSequence.Adapter"/>, from 1). The source must outlive it.
    /// </summary>
    public Llama(ITensorSource source, LlamaConfig config, IBackend backend, IProgress<double>? progress = null, IReadOnlyList<ScaledAdapter>? adapters = null, IReadOnlyList<ScaledAdapter>? choices = null)
    {
        Config = config;
        ops = backend;
        weights = LlamaLoader.Load(source, config, backend, progress, adapters, choices);
        AdapterCount = choices?.Count ?? 0;
        Rope = RopeFrequencies.Create(config.HeadSize, config.RopeTheta, config.RopeScaling, LlamaLoader.RopeDivisors(source, config));
    }

    /// <summary>The network's shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>Adapters that a sequence may choose from.</summary>
    public int AdapterCount { get; }

    /// <summary>The rotary frequencies. Whoever exchanges them begins new sequences: keys that are cached keep their angles.</summary>
    internal RopeFrequencies Rope { get; set; }

    /// <summary>
    /// A cache for sequences of this network that may hold <paramref name="maxTokens"/> tokens in all, as halves where nothing is said. Memory is taken as it is used.
    /// Throws <see cref="CriaException"/> when the heads cannot be kept as <paramref name="types"/>.
    /// </summary>
    public KvCache CreateCache(long maxTokens, KvTypes? types = null)
    {
        KvTypes chosen = types ?? KvTypes.Default;
        chosen.Check(Config.HeadSize);
        long pages = (maxTokens + KvLayout.PageSize - 1) / KvLayout.PageSize;
        return new KvCache(ops.CreateKvPool(new KvLayout(Config.LayerCount, Config.KeyValueHeadCount, Config.HeadSize, chosen), pages));
    }

    /// <summary>
    /// Runs one step and adds its tokens to their sequences. Returns the logits asked for: [outputs, vocabulary], to be read with <see cref="Read"/> before the next step.
    /// </summary>
    public Tensor Forward(Batch batch, KvCache cache)
    {
        Tensor x = Layers(batch, cache);
        ops.ChooseAdapters(batch.OutputAdapters);
        Tensor logits = ops.MatMul(Features(x, batch.Outputs), weights.Output);                                      // [outputs, vocabulary]
        StepFeatures = batch.FeatureRows.IsEmpty ? default : Features(x, batch.FeatureRows);                         // [featureRows, hidden]
        batch.Commit();
        return logits;
    }

    /// <summary>Runs one step up to the features that the output weight turns to logits: [outputs, hidden].</summary>
    internal Tensor Features(Batch batch, KvCache cache) => Features(Layers(batch, cache), batch.Outputs);

    /// <summary>The features of the last step that were asked for with <see cref="Logits.Features"/>: [featureRows, hidden], to be read with <see cref="Read"/> before the next.</summary>
    internal Tensor StepFeatures { get; private set; }

    private Tensor Features(Tensor x, ReadOnlySpan<int> rows) => ops.RmsNorm(ops.Rows(x, rows), weights.OutputNorm, Config.NormEpsilon);

    private Tensor Layers(Batch batch, KvCache cache)
    {
        ops.BeginStep();
        ops.ChooseAdapters(batch.Adapters);
        Tensor x = ops.Embed(weights.TokenEmbedding, batch.Tokens);                                                  // [tokens, hidden]
        Tensor angles = ops.RopeAngles(Rope.Values, Rope.Magnitude, batch.Positions);                                // [tokens, headSize]
        for (int i = 0; i < weights.Layers.Count; i++)
        {
            using StepScope scope = ops.BeginScope();
            LlamaLayer layer = weights.Layers[i];
            Tensor h = ops.RmsNorm(x, layer.AttentionNorm, Config.NormEpsilon);
            var (q, k, v) = ops.MatMul(h, layer.Query, layer.Key, layer.Value);                                      // [tokens, heads · headSize], [tokens, kvHeads · headSize] twice
            q = ops.Rope(q, angles, Config.HeadSize);
            k = ops.Rope(k, angles, Config.HeadSize);
            Tensor a = ops.Attention(q, k, v, cache.Pool, i, batch.Slices);                                          // [tokens, heads · headSize]
            x = ops.Add(x, ops.MatMul(a, layer.AttentionOutput));
            h = ops.RmsNorm(x, layer.FeedForwardNorm, Config.NormEpsilon);
            Tensor gated = ops.SwiGlu(h, layer.Gate, layer.Up);                                                      // [tokens, feedForward]
            x = ops.Add(x, ops.MatMul(gated, layer.Down));
        }
        return x;                                                                                                    // [tokens, hidden]
    }

    /// <summary>Waits until steps run at their full speed.</summary>
    internal void Settle() => ops.Settle();

    /// <summary>The weight that turns features to logits: [vocabulary, hidden].</summary>
    internal Weight Output => weights.Output;

    /// <summary>One row of logits of the last step: [vocabulary].</summary>
    public ReadOnlySpan<float> Read(Tensor logits, int row) => ops.Read(logits, row);

    /// <inheritdoc/>
    public void Dispose() => ops.Dispose();
}
