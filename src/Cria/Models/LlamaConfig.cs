using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Models;

/// <summary>The shape of a Llama network, as its file states it.</summary>
public sealed record LlamaConfig
{
    /// <summary>Features of a token between layers.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Number of layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads of a layer.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key-value heads of a layer; each serves <c>HeadCount / KeyValueHeadCount</c> query heads.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Features of a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Features inside the feed-forward network.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>Number of tokens.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Tokens the model can attend over, as trained or extended.</summary>
    public required long ContextLength { get; init; }

    /// <summary>RMSNorm's ε.</summary>
    public float NormEpsilon { get; init; } = 1e-5f;

    /// <summary>Rotary base θ.</summary>
    public double RopeTheta { get; init; } = 500000;

    /// <summary>Rotary scaling.</summary>
    public RopeScaling RopeScaling { get; init; } = RopeScaling.None;

    /// <summary>Query heads that share a key-value head.</summary>
    public int GroupSize => HeadCount / KeyValueHeadCount;

    /// <summary>Reads and checks the shape from a model's settings.</summary>
    public static LlamaConfig From(ITensorSource source)
    {
        ModelMetadata settings = source.Metadata;
        string architecture = settings.Text("general.architecture", "llama");
        if (architecture != "llama") throw new CriaException($"{source.Path}: architecture {architecture} is not a Llama; Cria runs Llama 2 and Llama 3 models");
        int Size(string key, long? fallback = null)
        {
            long value = settings.Integer("llama." + key, fallback);
            return value is > 0 and <= 1 << 26 ? (int)value : throw new CriaException($"{source.Path}: setting llama.{key} is {value}, which no Llama has; convert the model again");
        }
        int heads = Size("attention.head_count");
        int hidden = Size("embedding_length");
        int keyValueHeads = Size("attention.head_count_kv", heads);
        int headSize = Size("rope.dimension_count", Math.Max(1, hidden / heads));
        headSize = Size("attention.key_length", headSize);
        if (!source.TryGet("token_embd.weight", out TensorInfo embedding)) throw new CriaException($"{source.Path}: tensor token_embd.weight is missing; the file is not a complete model");
        if (keyValueHeads > heads || heads % keyValueHeads != 0) throw new CriaException($"{source.Path}: {heads} heads cannot share {keyValueHeads} key-value heads; convert the model again");
        if (headSize % 16 != 0 || headSize > 512) throw new CriaException($"{source.Path}: a head size of {headSize} is not supported (a multiple of 16 up to 512 is)");
        double theta = settings.Number("llama.rope.freq_base", 10000);
        double epsilon = settings.Number("llama.attention.layer_norm_rms_epsilon", 1e-5);
        if (!double.IsFinite(theta) || theta <= 1 || !double.IsFinite(epsilon) || epsilon < 0) throw new CriaException($"{source.Path}: rotary base {theta} or norm epsilon {epsilon} is out of range; convert the model again");
        long context = settings.Integer("llama.context_length", 8192);
        if (context <= 0) throw new CriaException($"{source.Path}: setting llama.context_length is {context}; convert the model again");
        return new LlamaConfig
        {
            HiddenSize = hidden,
            LayerCount = Size("block_count"),
            HeadCount = heads,
            KeyValueHeadCount = keyValueHeads,
            HeadSize = headSize,
            FeedForwardSize = Size("feed_forward_length"),
            VocabularySize = checked((int)embedding.Rows),
            ContextLength = context,
            NormEpsilon = (float)epsilon,
            RopeTheta = theta,
            RopeScaling = Scaling(source, context),
        };
    }

    private static RopeScaling Scaling(ITensorSource source, long context)
    {
        ModelMetadata settings = source.Metadata;
        string rule = settings.Text("llama.rope.scaling.type", "none");
        double factor = settings.Number("llama.rope.scaling.factor", settings.Number("llama.rope.scale_linear", 1));
        long original = settings.Integer("llama.rope.scaling.original_context_length", context);
        if (!double.IsFinite(factor) || factor <= 0 || original <= 0) throw new CriaException($"{source.Path}: rotary scaling factor {factor} over {original} tokens is out of range; convert the model again");
        double? attention = settings.Contains("llama.rope.scaling.attn_factor") ? settings.Number("llama.rope.scaling.attn_factor") : null;
        return rule switch
        {
            "none" or "" => factor == 1 ? RopeScaling.None : new RopeScaling(RopeRule.Linear, factor, original),
            "linear" => new RopeScaling(RopeRule.Linear, factor, original),
            "ntk" => new RopeScaling(RopeRule.Ntk, factor, original),
            "yarn" => new RopeScaling(RopeRule.Yarn, factor, original)
            {
                AttentionFactor = attention,
                BetaFast = settings.Number("llama.rope.scaling.yarn_beta_fast", 32),
                BetaSlow = settings.Number("llama.rope.scaling.yarn_beta_slow", 1),
            },
            "llama3" => new RopeScaling(RopeRule.Llama3, factor, original)
            {
                LowFrequencyFactor = settings.Number("llama.rope.scaling.low_freq_factor", 1),
                HighFrequencyFactor = settings.Number("llama.rope.scaling.high_freq_factor", 4),
            },
            _ => throw new CriaException($"{source.Path}: rotary scaling {rule} is not known (none, linear, ntk, yarn and llama3 are); name one of them to override it"),
        };
    }
}
