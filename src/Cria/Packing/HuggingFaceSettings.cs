using System.Text.Encodings.Web;
using System.Text.Json;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Packing;

/// <summary>Writes the files beside the weights of a Hugging Face folder: settings, generation defaults, vocabulary, chat template.</summary>
internal static class HuggingFaceSettings
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Files that a Hugging Face folder has about its vocabulary; they are kept as they are when such a folder is the source.</summary>
    private static readonly string[] VocabularyFiles = ["tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "chat_template.jinja", "chat_template.json"];

    /// <summary>Writes all files but the weights and their index; <paramref name="w8a8"/> where weights are bytes.</summary>
    public static void Write(ITensorSource source, string folder, TensorType type, int headSize, W8A8Description? w8a8 = null)
    {
        Tokenizer tokenizer = Tokenizer.FromMetadata(source.Metadata);
        WriteJson(folder, "config.json", json =>
        {
            WriteConfig(json, source, tokenizer, type, headSize);
            w8a8?.Write(json);
        });
        WriteJson(folder, "generation_config.json", json => WriteGeneration(json, source.Metadata, tokenizer));
        bool isFolder = Directory.Exists(source.Path) && File.Exists(Path.Combine(source.Path, "tokenizer.json"));
        if (!isFolder)
        {
            TokenizerExport.Write(source.Metadata, tokenizer, folder);
            return;
        }
        foreach (string name in VocabularyFiles)
            if (Path.Combine(source.Path, name) is { } path && File.Exists(path)) File.Copy(path, Path.Combine(folder, name));
    }

    /// <summary>Writes the index that says which file has which tensor.</summary>
    public static void WriteIndex(string folder, IReadOnlyList<(string Tensor, string File)> places, long totalBytes) => WriteJson(folder, "model.safetensors.index.json", json =>
    {
        json.WriteStartObject("metadata");
        json.WriteNumber("total_size", totalBytes);
        json.WriteEndObject();
        json.WriteStartObject("weight_map");
        foreach ((string tensor, string file) in places) json.WriteString(tensor, file);
        json.WriteEndObject();
    });

    /// <summary>Writes one JSON object to a file.</summary>
    public static void WriteJson(string folder, string name, Action<Utf8JsonWriter> write)
    {
        using FileStream stream = File.Create(Path.Combine(folder, name));
        using var json = new Utf8JsonWriter(stream, Options);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    }

    private static void WriteConfig(Utf8JsonWriter json, ITensorSource source, Tokenizer tokenizer, TensorType type, int headSize)
    {
        ModelMetadata settings = source.Metadata;
        source.TryGet("token_embd.weight", out TensorInfo? embedding);
        json.WriteStartArray("architectures");
        json.WriteStringValue("LlamaForCausalLM");
        json.WriteEndArray();
        json.WriteString("model_type", "llama");
        json.WriteBoolean("attention_bias", false);
        json.WriteNumber("attention_dropout", 0);
        json.WriteBoolean("mlp_bias", false);
        if (tokenizer.Bos is int bos) json.WriteNumber("bos_token_id", bos);
        WriteStopTokens(json, tokenizer);
        json.WriteString("hidden_act", "silu");
        json.WriteNumber("hidden_size", settings.Integer("llama.embedding_length"));
        json.WriteNumber("head_dim", headSize);
        json.WriteNumber("initializer_range", 0.02);
        json.WriteNumber("intermediate_size", settings.Integer("llama.feed_forward_length"));
        json.WriteNumber("max_position_embeddings", settings.Integer("llama.context_length", 8192));
        json.WriteNumber("num_attention_heads", settings.Integer("llama.attention.head_count"));
        json.WriteNumber("num_hidden_layers", settings.Integer("llama.block_count"));
        json.WriteNumber("num_key_value_heads", settings.Integer("llama.attention.head_count_kv", settings.Integer("llama.attention.head_count")));
        json.WriteNumber("rms_norm_eps", Short(settings.Number("llama.attention.layer_norm_rms_epsilon", 1e-5)));
        json.WriteNumber("rope_theta", settings.Number("llama.rope.freq_base", 10000));
        WriteScaling(json, source, headSize);
        json.WriteBoolean("tie_word_embeddings", !source.TryGet("output.weight", out _));
        json.WriteString("torch_dtype", type switch { TensorType.F32 => "float32", TensorType.F16 => "float16", _ => "bfloat16" });
        json.WriteBoolean("use_cache", true);
        json.WriteNumber("vocab_size", embedding?.Rows ?? tokenizer.VocabularySize);
    }

    private static void WriteScaling(Utf8JsonWriter json, ITensorSource source, int headSize)
    {
        ModelMetadata settings = source.Metadata;
        if (source.TryGet(RopeDivisors.TensorName, out TensorInfo info))
        {
            WriteLlama3Scaling(json, source, info, headSize);
            return;
        }
        string rule = settings.Text("llama.rope.scaling.type", "none");
        if (rule is "none" or "")
        {
            json.WriteNull("rope_scaling");
            return;
        }
        if (rule is not ("linear" or "yarn" or "llama3")) throw new CriaException($"{source.Path}: rotary scaling {ForeignText.Shown(rule)} has no place in a Hugging Face folder");
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", rule);
        json.WriteNumber("factor", settings.Number("llama.rope.scaling.factor"));
        Copy("original_max_position_embeddings", "original_context_length");
        Copy("low_freq_factor", "low_freq_factor");
        Copy("high_freq_factor", "high_freq_factor");
        Copy("attention_factor", "attn_factor");
        Copy("beta_fast", "yarn_beta_fast");
        Copy("beta_slow", "yarn_beta_slow");
        json.WriteEndObject();

        void Copy(string name, string key)
        {
            if (settings.Contains("llama.rope.scaling." + key)) json.WriteNumber(name, Short(settings.Number("llama.rope.scaling." + key)));
        }
    }

    /// <summary>GGUF keeps Llama 3.1's scaling as divisors, whose largest is the factor; the other numbers are the same in every release, unless the file names them.</summary>
    private static void WriteLlama3Scaling(Utf8JsonWriter json, ITensorSource source, TensorInfo info, int headSize)
    {
        ModelMetadata settings = source.Metadata;
        double low = settings.Number("llama.rope.scaling.low_freq_factor", 1), high = settings.Number("llama.rope.scaling.high_freq_factor", 4);
        long original = settings.Integer("llama.rope.scaling.original_context_length", 8192);
        ReadOnlySpan<float> divisors = info.Type == TensorType.F32 ? System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(source.View(info).Row(0)) : [];
        float factor = 1;
        foreach (float divisor in divisors) factor = Math.Max(factor, divisor);
        float[] expected = RopeDivisors.Of(source.Metadata.Number("llama.rope.freq_base", 10000), headSize, factor, low, high, original);
        for (int i = 0; i < expected.Length; i++)
            if (divisors.Length != expected.Length || !(Math.Abs(divisors[i] - expected[i]) <= 1e-3f * expected[i]))
                throw new CriaException($"{source.Path}: the rotary divisors in {RopeDivisors.TensorName} are not those of Llama 3.1's rule; a Hugging Face folder cannot express them");
        json.WriteStartObject("rope_scaling");
        json.WriteNumber("factor", factor);
        json.WriteNumber("low_freq_factor", Short(low));
        json.WriteNumber("high_freq_factor", Short(high));
        json.WriteNumber("original_max_position_embeddings", original);
        json.WriteString("rope_type", "llama3");
        json.WriteEndObject();
    }

    private static void WriteGeneration(Utf8JsonWriter json, ModelMetadata settings, Tokenizer tokenizer)
    {
        json.WriteBoolean("_from_model_config", true);
        if (tokenizer.Bos is int bos) json.WriteNumber("bos_token_id", bos);
        WriteStopTokens(json, tokenizer);
        (string Key, string Name)[] sampling = [("temp", "temperature"), ("top_p", "top_p"), ("top_k", "top_k")];
        if (!sampling.Any(pair => settings.Contains("general.sampling." + pair.Key))) return;
        json.WriteBoolean("do_sample", true);
        foreach ((string key, string name) in sampling)
            if (settings.Contains("general.sampling." + key)) json.WriteNumber(name, Short(settings.Number("general.sampling." + key)));
    }

    private static void WriteStopTokens(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        if (tokenizer.StopTokens.Count == 1) json.WriteNumber("eos_token_id", tokenizer.StopTokens[0]);
        if (tokenizer.StopTokens.Count <= 1) return;
        json.WriteStartArray("eos_token_id");
        foreach (int id in tokenizer.StopTokens) json.WriteNumberValue(id);
        json.WriteEndArray();
    }

    /// <summary>The number as people write it: settings are stored as 32-bit floats, whose digits beyond the seventh mean nothing.</summary>
    private static decimal Short(double value) => (decimal)(float)value;
}
