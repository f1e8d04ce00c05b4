using Cria.Tensors.Backends;

namespace Cria.Models;

/// <summary>All weights of the network, by role.</summary>
/// <param name="TokenEmbedding">[vocabulary, hidden].</param>
/// <param name="Layers">One entry a layer.</param>
/// <param name="OutputNorm">[hidden].</param>
/// <param name="Output">[vocabulary, hidden]; the embedding itself where the two are tied.</param>
public sealed record LlamaWeights(Weight TokenEmbedding, IReadOnlyList<LlamaLayer> Layers, Weight OutputNorm, Weight Output);

/// <summary>The weights of one layer, by role.</summary>
/// <param name="AttentionNorm">[hidden].</param>
/// <param name="Query">[heads · headSize, hidden].</param>
/// <param name="Key">[kvHeads · headSize, hidden].</param>
/// <param name="Value">[kvHeads · headSize, hidden].</param>
/// <param name="AttentionOutput">[hidden, heads · headSize].</param>
/// <param name="FeedForwardNorm">[hidden].</param>
/// <param name="Gate">[feedForward, hidden].</param>
/// <param name="Up">[feedForward, hidden].</param>
/// <param name="Down">[hidden, feedForward].</param>
public sealed record LlamaLayer(Weight AttentionNorm, Weight Query, Weight Key, Weight Value, Weight AttentionOutput, Weight FeedForwardNorm, Weight Gate, Weight Up, Weight Down);
