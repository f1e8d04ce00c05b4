using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends;

namespace Cria.Generation;

/// <summary>A <see cref="Llama"/> as the engine sees it.</summary>
internal sealed class LlamaNetwork(Llama model) : INetwork
{
    private Tensor logits;

    public int VocabularySize => model.Config.VocabularySize;

    public int AdapterCount => model.AdapterCount;

    public KvCache CreateCache(long maxTokens, KvTypes types) => model.CreateCache(maxTokens, types);

    public void Forward(Batch batch, KvCache cache) => logits = model.Forward(batch, cache);

    public ReadOnlySpan<float> Logits(int row) => model.Read(logits, row);

    public ReadOnlySpan<float> Features(int row) => model.Read(model.StepFeatures, row);

    public void Dispose() => model.Dispose();
}
