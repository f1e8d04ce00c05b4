namespace Cria.Tensors.Formats.MetaCheckpoint;

/// <summary>Translates <c>params.json</c> to GGUF settings. What the file leaves out follows from the shapes of the weights.</summary>
internal static class MetaParameters
{
    /// <summary>The settings; <paramref name="divisors"/> of the rotary frequencies are null without Llama 3.1's scaling.</summary>
    public static Dictionary<string, object> Settings(string folder, JsonFile parameters, List<AssembledTensor> tensors, out float[]? divisors)
    {
        long hidden = parameters.Integer("dim"), heads = parameters.Integer("n_heads");
        if (hidden <= 0 || heads <= 0 || hidden % heads != 0 || hidden / heads > 1 << 16) throw new CriaException($"{parameters.Path}: {heads} heads in {hidden} make no model; fetch the file again");
        TensorInfo? gate = tensors.Find(tensor => tensor.Info.Name == "blk.0.ffn_gate.weight")?.Info;
        TensorInfo? embedding = tensors.Find(tensor => tensor.Info.Name == "token_embd.weight")?.Info;
        if (gate is null || embedding is null) throw new CriaException($"{folder}: the checkpoint has no embedding or no first layer; fetch the model again");
        double frequencyBase = parameters.Number("rope_theta", 10000);
        bool scaled = parameters.Flag("use_scaled_rope", false);
        divisors = scaled && frequencyBase > 1 && parameters.Number("rope_scaling_factor", 8) is > 0 and var factor
            ? RopeDivisors.Of(frequencyBase, (int)(hidden / heads), factor, 1, 4, 8192) : null;
        return new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["general.architecture"] = "llama",
            ["general.name"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
            ["llama.context_length"] = Context(parameters, scaled, frequencyBase),
            ["llama.embedding_length"] = hidden,
            ["llama.block_count"] = parameters.Integer("n_layers"),
            ["llama.feed_forward_length"] = gate.Rows,
            ["llama.attention.head_count"] = heads,
            ["llama.attention.head_count_kv"] = parameters.Integer("n_kv_heads", heads),
            ["llama.rope.dimension_count"] = hidden / heads,
            ["llama.vocab_size"] = embedding.Rows,
            ["llama.attention.layer_norm_rms_epsilon"] = parameters.Number("norm_eps", 1e-5),
            ["llama.rope.freq_base"] = frequencyBase,
            ["general.file_type"] = gate.Type switch { TensorType.BF16 => 32L, TensorType.F16 => 1L, _ => 0L },
        };
    }

    /// <summary>Meta's files do not say for how many tokens a model is made; its generation does: 3.1 and later scale the rotary frequencies, 3 has its own base.</summary>
    private static long Context(JsonFile parameters, bool scaled, double frequencyBase) =>
        parameters.Integer("max_seq_len", scaled ? 131072 : frequencyBase >= 500000 ? 8192 : 4096);
}
