namespace Cria.Tensors.Formats.HuggingFace;

/// <summary>What Hugging Face calls the tensors of a Llama, and what GGUF does.</summary>
internal static class HuggingFaceNames
{
    private const string LayerPrefix = "model.layers.", GgufLayerPrefix = "blk.";

    private static readonly (string HuggingFace, string Gguf)[] Modules =
    [
        ("model.embed_tokens", "token_embd"),
        ("model.norm", "output_norm"),
        ("lm_head", "output"),
    ];

    private static readonly (string HuggingFace, string Gguf)[] LayerModules =
    [
        ("input_layernorm", "attn_norm"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("post_attention_layernorm", "ffn_norm"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
    ];

    /// <summary>The GGUF name; null when no Llama has such a tensor.</summary>
    public static string? ToGguf(string name) => Translate(name, LayerPrefix, GgufLayerPrefix, Modules, LayerModules);

    /// <summary>The Hugging Face name; null when Hugging Face has no such tensor.</summary>
    public static string? FromGguf(string name) => Translate(name, GgufLayerPrefix, LayerPrefix, [.. Modules.Select(Swap)], [.. LayerModules.Select(Swap)]);

    private static (string, string) Swap((string HuggingFace, string Gguf) module) => (module.Gguf, module.HuggingFace);

    private static string? Translate(string name, string layerPrefix, string newLayerPrefix, (string From, string To)[] modules, (string From, string To)[] layerModules)
    {
        int dot = name.LastIndexOf('.');
        if (dot < 0) return null;
        string module = name[..dot], suffix = name[dot..];
        if (!module.StartsWith(layerPrefix, StringComparison.Ordinal)) return Find(modules, module) is { } whole ? whole + suffix : null;
        int end = module.IndexOf('.', layerPrefix.Length);
        if (end < 0 || !module.AsSpan(layerPrefix.Length, end - layerPrefix.Length).ContainsOnlyDigits()) return null;
        return Find(layerModules, module[(end + 1)..]) is { } part ? string.Concat(newLayerPrefix, module.AsSpan(layerPrefix.Length, end - layerPrefix.Length), ".", part) + suffix : null;
    }

    private static string? Find((string From, string To)[] modules, string module)
    {
        foreach ((string from, string to) in modules)
            if (from == module) return to;
        return null;
    }

    private static bool ContainsOnlyDigits(this ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExceptInRange('0', '9');
}
