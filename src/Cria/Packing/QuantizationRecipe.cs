using System.Globalization;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Quantization;

namespace Cria.Packing;

/// <summary>
/// Which type each tensor gets: more bits where errors hurt more (values, the way back from the feed-forward, the output),
/// by the same rules as the tools people know, so that a Q4_K_M is a Q4_K_M.
/// </summary>
internal sealed class QuantizationRecipe
{
    private const string Output = "output.weight";
    private const string Embedding = "token_embd.weight";

    private readonly QuantizeOptions options;
    private readonly string file;
    private readonly int layerCount;
    private readonly int valueLayerCount;
    private readonly long queriesPerKey;
    private readonly bool isSeventyB;
    private readonly bool isTied;

    /// <summary>Reads from the model what the rules depend on.</summary>
    public QuantizationRecipe(ITensorSource source, QuantizeOptions options)
    {
        this.options = options;
        file = options.FileType.Name;
        layerCount = (int)source.Metadata.Integer("llama.block_count", 0);
        valueLayerCount = source.Tensors.Count(tensor => tensor.Name.Contains("attn_v.weight", StringComparison.Ordinal));
        long heads = source.Metadata.Integer("llama.attention.head_count", 1);
        long keyHeads = Math.Max(source.Metadata.Integer("llama.attention.head_count_kv", heads), 1);
        queriesPerKey = heads / keyHeads;
        isSeventyB = layerCount == 80 && queriesPerKey > 1;
        isTied = !source.TryGet(Output, out _);
    }

    /// <summary>The type to store a tensor in.</summary>
    public TensorType TypeOf(TensorInfo tensor)
    {
        if (tensor.Shape.Count < 2) return tensor.Type is TensorType.F16 or TensorType.BF16 ? TensorType.F32 : tensor.Type;
        if (!IsQuantizable(tensor.Name)) return tensor.Type;
        if (tensor.Name == Embedding && options.EmbeddingType is TensorType embedding) return Fitting(tensor, embedding);
        if (tensor.Name == Output && options.OutputType is TensorType output) return Fitting(tensor, output);
        TensorType type = options.FileType.TensorType;
        if (BlockFormat.Of(type).BlockSize == 1) return type;
        foreach ((var name, TensorType wanted) in options.TensorTypes)
            if (name.IsMatch(tensor.Name)) return Fitting(tensor, wanted);
        return Fitting(tensor, options.Pure ? type : Mixed(tensor, type));
    }

    private bool IsQuantizable(string name) => name.EndsWith("weight", StringComparison.Ordinal)
        && !name.Contains("_norm.weight", StringComparison.Ordinal)
        && !name.Contains("ffn_gate_inp.weight", StringComparison.Ordinal)
        && !(options.LeaveOutput && name == Output);

    private TensorType Mixed(TensorInfo tensor, TensorType type)
    {
        string name = tensor.Name;
        // A tied embedding is the output matrix too.
        if (name == Output || (isTied && name == Embedding))
        {
            if (options.OutputType is TensorType output) return output;
            if (tensor.Columns % BlockFormat.Of(type).BlockSize != 0) return TensorType.Q8_0;
            return type == TensorType.Q8_0 ? type : TensorType.Q6_K;
        }
        int layer = LayerOf(name);
        if (name.Contains("attn_v.weight", StringComparison.Ordinal)) return Value(type, layer);
        if (name.Contains("ffn_down", StringComparison.Ordinal)) return Down(type, layer);
        if (name.Contains("attn_output.weight", StringComparison.Ordinal)) return AttentionOutput(type);
        return type;
    }

    private TensorType Value(TensorType type, int layer)
    {
        type = file switch
        {
            "Q2_K" => queriesPerKey >= 4 ? TensorType.Q4_K : TensorType.Q3_K,
            "Q3_K_M" => layer < 2 ? TensorType.Q5_K : TensorType.Q4_K,
            "Q3_K_L" => TensorType.Q5_K,
            "IQ4_NL" or "IQ4_XS" when queriesPerKey >= 4 => TensorType.Q5_K,
            "Q4_K_M" or "Q5_K_M" when DeservesMore(layer, valueLayerCount) => TensorType.Q6_K,
            "Q4_K_S" when layer < 4 => TensorType.Q5_K,
            _ => type,
        };
        // Eight heads of the 70B share one set of values, so more bits there cost next to nothing.
        return isSeventyB && type is (TensorType.Q3_K or TensorType.Q4_K) ? TensorType.Q5_K : type;
    }

    private TensorType Down(TensorType type, int layer) => file switch
    {
        "Q2_K" => TensorType.Q3_K,
        "Q3_K_M" => layer < layerCount / 16 ? TensorType.Q5_K : TensorType.Q4_K,
        "Q3_K_L" => TensorType.Q5_K,
        "Q4_K_M" or "Q5_K_M" when DeservesMore(layer, layerCount) => TensorType.Q6_K,
        "IQ4_NL" or "IQ4_XS" when layer < layerCount / 8 && options.Importance is null => TensorType.Q5_K,
        "Q4_K_S" when layer < layerCount / 8 => TensorType.Q5_K,
        // An importance matrix can lead a single scale astray in the first layers; a minimum beside it prevents that.
        "Q4_0" when layer < layerCount / 8 && options.Importance is not null => TensorType.Q4_1,
        "Q5_0" when layer < layerCount / 8 && options.Importance is not null => TensorType.Q5_1,
        _ => type,
    };

    private TensorType AttentionOutput(TensorType type) => file switch
    {
        "Q2_K" => TensorType.Q3_K,
        "Q3_K_M" => TensorType.Q4_K,
        "Q3_K_L" => TensorType.Q5_K,
        _ => type,
    };

    /// <summary>The first and last eighth of the layers, and every third between.</summary>
    private static bool DeservesMore(int layer, int count) => layer < count / 8 || layer >= 7 * count / 8 || (layer - count / 8) % 3 == 2;

    /// <summary>The type itself where rows are whole blocks, else the nearest one with smaller blocks.</summary>
    private static TensorType Fitting(TensorInfo tensor, TensorType type)
    {
        if (Fits(type)) return type;
        TensorType smaller = type switch
        {
            TensorType.IQ4_XS => TensorType.IQ4_NL,
            TensorType.Q2_K or TensorType.Q3_K => TensorType.Q4_0,
            TensorType.Q4_K => TensorType.Q5_0,
            TensorType.Q5_K => TensorType.Q5_1,
            TensorType.Q6_K => TensorType.Q8_0,
            _ => TensorType.F16,
        };
        return Fits(smaller) ? smaller : TensorType.F16;

        bool Fits(TensorType candidate) => tensor.Columns % BlockFormat.Of(candidate).BlockSize == 0;
    }

    private static int LayerOf(string name)
    {
        const string Prefix = "blk.";
        if (!name.StartsWith(Prefix, StringComparison.Ordinal)) return 0;
        int dot = name.IndexOf('.', Prefix.Length);
        return dot > 0 && int.TryParse(name.AsSpan(Prefix.Length, dot - Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int layer) ? layer : 0;
    }
}
