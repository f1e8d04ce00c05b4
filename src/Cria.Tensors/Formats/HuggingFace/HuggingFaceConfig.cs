using System.Text.Json;

namespace Cria.Tensors.Formats.HuggingFace;

/// <summary>Translates <c>config.json</c>, <c>generation_config.json</c> and the chat template to GGUF settings.</summary>
internal sealed class HuggingFaceConfig
{
    private readonly JsonFile config;
    private readonly Dictionary<string, object> settings = new(StringComparer.Ordinal);

    private HuggingFaceConfig(JsonFile config) => this.config = config;

    /// <summary>Settings by GGUF key.</summary>
    public IReadOnlyDictionary<string, object> Settings => settings;

    /// <summary>Elements of an attention head.</summary>
    public int HeadSize { get; private set; }

    /// <summary>Divisors of the rotary frequencies; null without Llama 3.1's scaling.</summary>
    public float[]? RopeDivisors { get; private set; }

    /// <summary>The folder's <c>config.json</c>.</summary>
    public JsonFile Config => config;

    /// <summary>Reads the settings of a folder. Throws <see cref="CriaException"/> when it is no Llama's.</summary>
    public static HuggingFaceConfig Read(string folder)
    {
        var read = new HuggingFaceConfig(JsonFile.Read(Path.Combine(folder, "config.json")));
        read.ReadShape(folder);
        read.ReadRotary();
        read.ReadGeneration(JsonFile.ReadIfThere(Path.Combine(folder, "generation_config.json")));
        read.ReadTemplates(folder);
        return read;
    }

    private void ReadShape(string folder)
    {
        string kind = config.Text("model_type") ?? "";
        if (kind != "llama") throw new CriaException($"{config.Path}: the model is a '{ForeignText.Shown(kind)}', not a llama; Cria runs Llama 2 and Llama 3 models");
        if (config.Flag("attention_bias", false) || config.Flag("mlp_bias", false)) throw new CriaException($"{config.Path}: the model has biases, which no released Llama has; Cria does not run it");
        if ((config.Text("hidden_act") ?? "silu") is not "silu" and var activation) throw new CriaException($"{config.Path}: hidden_act is '{ForeignText.Shown(activation)}'; Cria runs 'silu', as Llama has");
        long heads = config.Integer("num_attention_heads"), hidden = config.Integer("hidden_size");
        long headSize = config.Integer("head_dim", heads > 0 ? hidden / heads : 0);
        if (heads <= 0 || hidden <= 0 || headSize is <= 0 or > 1 << 16 || headSize % 2 != 0) throw new CriaException($"{config.Path}: {heads} heads of {headSize} in {hidden} make no model; fetch the file again");
        HeadSize = (int)headSize;
        settings["general.architecture"] = "llama";
        settings["general.name"] = NameOf(new DirectoryInfo(Path.TrimEndingDirectorySeparator(folder)));
        settings["llama.context_length"] = config.Integer("max_position_embeddings", 2048);
        settings["llama.embedding_length"] = hidden;
        settings["llama.block_count"] = config.Integer("num_hidden_layers");
        settings["llama.feed_forward_length"] = config.Integer("intermediate_size");
        settings["llama.attention.head_count"] = heads;
        settings["llama.attention.head_count_kv"] = config.Integer("num_key_value_heads", heads);
        settings["llama.rope.dimension_count"] = headSize;
        if (headSize * heads != hidden)
        {
            settings["llama.attention.key_length"] = headSize;
            settings["llama.attention.value_length"] = headSize;
        }
        settings["llama.vocab_size"] = config.Integer("vocab_size");
        settings["llama.attention.layer_norm_rms_epsilon"] = config.Number("rms_norm_eps", 1e-6);
    }

    /// <summary>The folder's name; in the hub's cache, where that is a revision, the model's.</summary>
    private static string NameOf(DirectoryInfo folder) => folder.Parent is { Name: "snapshots", Parent.Name: string cached } && cached.StartsWith("models--", StringComparison.Ordinal)
        ? cached[(cached.LastIndexOf("--", StringComparison.Ordinal) + 2)..]
        : folder.Name;

    private void ReadRotary()
    {
        // Newer files keep base and scaling in one object.
        JsonFile? rotary = config.Inside("rope_parameters") ?? config.Inside("rope_scaling");
        double frequencyBase = rotary?.Find("rope_theta") is not null ? rotary.Number("rope_theta") : config.Number("rope_theta", 10000);
        settings["llama.rope.freq_base"] = frequencyBase;
        string rule = rotary?.Text("rope_type") ?? rotary?.Text("type") ?? "default";
        switch (rule)
        {
            case "default":
                break;
            case "linear":
                settings["llama.rope.scaling.type"] = "linear";
                settings["llama.rope.scaling.factor"] = rotary!.Number("factor");
                break;
            case "yarn":
                settings["llama.rope.scaling.type"] = "yarn";
                settings["llama.rope.scaling.factor"] = rotary!.Number("factor");
                settings["llama.rope.scaling.original_context_length"] = rotary.Integer("original_max_position_embeddings", config.Integer("max_position_embeddings", 2048));
                if (rotary.Find("attention_factor") is not null) settings["llama.rope.scaling.attn_factor"] = rotary.Number("attention_factor");
                if (rotary.Find("beta_fast") is not null) settings["llama.rope.scaling.yarn_beta_fast"] = rotary.Number("beta_fast");
                if (rotary.Find("beta_slow") is not null) settings["llama.rope.scaling.yarn_beta_slow"] = rotary.Number("beta_slow");
                break;
            case "llama3":
                double low = rotary!.Number("low_freq_factor", 1), high = rotary.Number("high_freq_factor", 4), factor = rotary.Number("factor");
                if (factor <= 0 || high <= low || frequencyBase <= 1) throw new CriaException($"{config.Path}: the rotary scaling (factor {factor}, low {low}, high {high}) makes no sense; fetch the file again");
                RopeDivisors = Formats.RopeDivisors.Of(frequencyBase, HeadSize, factor, low, high, rotary.Integer("original_max_position_embeddings", 8192));
                break;
            default:
                throw new CriaException($"{config.Path}: rotary scaling '{ForeignText.Shown(rule)}' is not known (default, linear, yarn and llama3 are)");
        }
    }

    private void ReadGeneration(JsonFile? generation)
    {
        if (generation is null || !generation.Flag("do_sample", false)) return;
        if (generation.Find("temperature") is not null) settings["general.sampling.temp"] = generation.Number("temperature");
        if (generation.Find("top_p") is not null) settings["general.sampling.top_p"] = generation.Number("top_p");
        if (generation.Find("top_k") is not null) settings["general.sampling.top_k"] = generation.Integer("top_k");
    }

    private void ReadTemplates(string folder)
    {
        const string Key = "tokenizer.chat_template";
        string alone = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(alone))
        {
            settings[Key] = File.ReadAllText(alone);
            return;
        }
        JsonFile? file = JsonFile.ReadIfThere(Path.Combine(folder, "chat_template.json")) ?? JsonFile.ReadIfThere(Path.Combine(folder, "tokenizer_config.json"));
        if (file?.Find("chat_template") is not { } template) return;
        if (template.ValueKind != JsonValueKind.Array)
        {
            settings[Key] = file.Text("chat_template")!;
            return;
        }
        var names = new List<string>();
        foreach (JsonElement named in template.EnumerateArray())
        {
            if (named.ValueKind != JsonValueKind.Object || !named.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String
                || !named.TryGetProperty("template", out JsonElement text) || text.ValueKind != JsonValueKind.String)
                throw new CriaException($"{file.Path}: chat_template should be a text or a list of named texts; fetch the file again");
            if (name.GetString() == "default")
            {
                settings[Key] = text.GetString()!;
                continue;
            }
            names.Add(name.GetString()!);
            settings[$"{Key}.{name.GetString()}"] = text.GetString()!;
        }
        if (names.Count > 0) settings[Key + "s"] = names.ToArray();
    }
}
