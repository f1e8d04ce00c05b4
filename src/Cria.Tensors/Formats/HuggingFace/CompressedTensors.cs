using System.Text.Json;
using Cria.Tensors.Formats.Safetensors;

namespace Cria.Tensors.Formats.HuggingFace;

/// <summary>
/// Quantized weights in the form of compressed-tensors, which vLLM's llm-compressor writes: <c>quantization_config</c> in config.json,
/// a <c>weight</c> of I8 [rows, columns] and a <c>weight_scale</c> [rows, 1]. Of its many schemes this is W8A8: inputs are rounded to 8 bits too, token by token.
/// </summary>
internal static class CompressedTensors
{
    private const string ScaleSuffix = "_scale";

    /// <summary>True when the model is quantized to W8A8. Throws <see cref="CriaException"/> when it is quantized in another way.</summary>
    public static bool IsUsed(JsonFile config)
    {
        const string Key = "quantization_config", OldKey = "compression_config";
        string key = config.Find(Key) is null ? OldKey : Key;
        if (config.Find(key) is null) return false;
        JsonFile settings = config.Inside(key) ?? throw Unknown(config, $"{key} is no object");
        string method = settings.Text("quant_method") ?? "";
        if (method != "compressed-tensors") throw Unknown(config, $"quant_method is '{ForeignText.Shown(method)}'");
        string format = settings.Text("format") ?? "";
        if (format is not ("int-quantized" or "naive-quantized")) throw Unknown(config, $"format is '{ForeignText.Shown(format)}'");
        if (settings.Inside("sparsity_config") is { } sparsity && (sparsity.Text("format") ?? "dense") is not "dense" and var packing) throw Unknown(config, $"sparsity_config has the format '{ForeignText.Shown(packing)}'");
        if (settings.Find("kv_cache_scheme") is not null) throw Unknown(config, "kv_cache_scheme asks for rounded keys and values");
        if (settings.Find("config_groups") is not { ValueKind: JsonValueKind.Object } groups || !groups.EnumerateObject().Any()) throw Unknown(config, "config_groups is missing");
        foreach (JsonProperty group in groups.EnumerateObject())
        {
            JsonFile scheme = settings.Inside("config_groups")!.Inside(group.Name) ?? throw Unknown(config, $"{ForeignText.Shown(group.Name)} is no object");
            Check(config, scheme, "weights", isDynamic: false, "channel", "tensor");
            Check(config, scheme, "input_activations", isDynamic: true, "token");
            if (scheme.Find("output_activations") is not null) throw Unknown(config, "output_activations are rounded");
        }
        return true;
    }

    /// <summary>True for the name of a tensor of scales.</summary>
    public static bool IsScale(string name) => name.EndsWith(".weight" + ScaleSuffix, StringComparison.Ordinal);

    /// <summary>The name of the scales of a weight.</summary>
    public static string ScaleOf(string weight) => weight + ScaleSuffix;

    /// <summary>The scale of each row of a weight. Throws <see cref="CriaException"/> when they do not fit it.</summary>
    public static float[] ReadScales(SafetensorsFile file, SafetensorsEntry scales, long rows)
    {
        long count = scales.Shape.Aggregate(1L, (product, size) => checked(product * size));
        if (count != 1 && (count != rows || scales.Shape[0] != rows))
            throw new CriaException($"{file.Path}: tensor {ForeignText.Shown(scales.Name)} is [{string.Join(", ", scales.Shape)}] where its weight has {rows} rows; quantize or fetch the model again");
        float[] values = file.ReadFloats(scales);
        foreach (float value in values)
            if (!float.IsFinite(value) || value < 0) throw new CriaException($"{file.Path}: tensor {ForeignText.Shown(scales.Name)} holds {value}, which is no scale; quantize or fetch the model again");
        if (count == rows) return values;
        var all = new float[rows];
        Array.Fill(all, values[0]);
        return all;
    }

    private static void Check(JsonFile config, JsonFile scheme, string part, bool isDynamic, params ReadOnlySpan<string> strategies)
    {
        JsonFile rounding = scheme.Inside(part) ?? throw Unknown(config, $"{part} are not rounded");
        if (rounding.Integer("num_bits", 8) != 8 || (rounding.Text("type") ?? "int") != "int") throw Unknown(config, $"{part} are {rounding.Integer("num_bits", 8)} bits of type {ForeignText.Shown(rounding.Text("type") ?? "int")}");
        if (!rounding.Flag("symmetric", true)) throw Unknown(config, $"{part} have zero points");
        if (rounding.Flag("dynamic", false) != isDynamic) throw Unknown(config, $"{part} {(isDynamic ? "have scales fixed beforehand" : "are rounded at run time")}");
        string strategy = rounding.Text("strategy") ?? "tensor";
        if (!strategies.Contains(strategy)) throw Unknown(config, $"{part} have a scale for each {ForeignText.Shown(strategy)}");
    }

    private static CriaException Unknown(JsonFile config, string what) =>
        new($"{config.Path}: the weights are quantized in a way that Cria does not read ({what}); it reads W8A8 of compressed-tensors (int8 weights with a scale a row, int8 inputs with a scale a token), and GGUF");
}
