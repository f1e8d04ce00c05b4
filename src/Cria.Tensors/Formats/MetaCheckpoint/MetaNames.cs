namespace Cria.Tensors.Formats.MetaCheckpoint;

/// <summary>What Meta's checkpoints call the tensors of a Llama, and how model-parallel shards divide them.</summary>
internal static class MetaNames
{
    private const string LayerPrefix = "layers.";

    private static readonly Dictionary<string, (string Gguf, ShardedBy Sharding)> Modules = new(StringComparer.Ordinal)
    {
        ["tok_embeddings.weight"] = ("token_embd.weight", ShardedBy.RowsOrColumns),
        ["norm.weight"] = ("output_norm.weight", ShardedBy.Nothing),
        ["output.weight"] = ("output.weight", ShardedBy.Rows),
        ["attention_norm.weight"] = ("attn_norm.weight", ShardedBy.Nothing),
        ["attention.wq.weight"] = ("attn_q.weight", ShardedBy.Rows),
        ["attention.wk.weight"] = ("attn_k.weight", ShardedBy.Rows),
        ["attention.wv.weight"] = ("attn_v.weight", ShardedBy.Rows),
        ["attention.wo.weight"] = ("attn_output.weight", ShardedBy.Columns),
        ["ffn_norm.weight"] = ("ffn_norm.weight", ShardedBy.Nothing),
        ["feed_forward.w1.weight"] = ("ffn_gate.weight", ShardedBy.Rows),
        ["feed_forward.w3.weight"] = ("ffn_up.weight", ShardedBy.Rows),
        ["feed_forward.w2.weight"] = ("ffn_down.weight", ShardedBy.Columns),
    };

    /// <summary>The GGUF name and how shards divide the tensor; null when no Llama has it.</summary>
    public static (string Name, ShardedBy Sharding)? ToGguf(string name)
    {
        if (!name.StartsWith(LayerPrefix, StringComparison.Ordinal)) return Modules.TryGetValue(name, out (string Gguf, ShardedBy Sharding) whole) ? whole : null;
        int end = name.IndexOf('.', LayerPrefix.Length);
        ReadOnlySpan<char> layer = end < 0 ? default : name.AsSpan(LayerPrefix.Length, end - LayerPrefix.Length);
        if (layer.IsEmpty || layer.ContainsAnyExceptInRange('0', '9') || !Modules.TryGetValue(name[(end + 1)..], out (string Gguf, ShardedBy Sharding) module)) return null;
        return ($"blk.{layer}.{module.Gguf}", module.Sharding);
    }
}
