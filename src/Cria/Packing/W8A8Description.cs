using System.Text.Json;

namespace Cria.Packing;

/// <summary>What config.json says about a model quantized to W8A8, in the form of compressed-tensors, which vLLM reads.</summary>
/// <param name="OutputIsBytes">True when the output matrix is quantized too.</param>
internal sealed record W8A8Description(bool OutputIsBytes)
{
    /// <summary>Writes <c>quantization_config</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("quantization_config");
        json.WriteStartObject("config_groups");
        json.WriteStartObject("group_0");
        WriteRounding(json, "input_activations", isDynamic: true, "token");
        json.WriteNull("output_activations");
        json.WriteStartArray("targets");
        json.WriteStringValue("Linear");
        json.WriteEndArray();
        WriteRounding(json, "weights", isDynamic: false, "channel");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteString("format", "int-quantized");
        json.WriteStartArray("ignore");
        if (!OutputIsBytes) json.WriteStringValue("lm_head");
        json.WriteEndArray();
        json.WriteNull("kv_cache_scheme");
        json.WriteString("quant_method", "compressed-tensors");
        json.WriteString("quantization_status", "compressed");
        json.WriteEndObject();
    }

    private static void WriteRounding(Utf8JsonWriter json, string part, bool isDynamic, string strategy)
    {
        json.WriteStartObject(part);
        json.WriteNull("actorder");
        json.WriteNull("block_structure");
        json.WriteBoolean("dynamic", isDynamic);
        json.WriteNull("group_size");
        json.WriteNumber("num_bits", 8);
        if (isDynamic) json.WriteNull("observer");
        else json.WriteString("observer", "minmax");
        json.WriteStartObject("observer_kwargs");
        json.WriteEndObject();
        json.WriteString("strategy", strategy);
        json.WriteBoolean("symmetric", true);
        json.WriteString("type", "int");
        json.WriteEndObject();
    }
}
