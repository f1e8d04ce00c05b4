using System.Text;
using System.Text.Json.Nodes;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.HuggingFace;
using Cria.Tensors.Formats.Safetensors;

namespace Cria.Tensors.Tests.Formats.HuggingFace;

/// <summary>Folders as vLLM's llm-compressor writes them: one layer's query weight is enough to see how they are read.</summary>
public sealed class CompressedTensorsTests
{
    private const int Hidden = 32, HeadSize = 16;
    private const string Query = "model.layers.0.self_attn.q_proj.weight", Down = "model.layers.0.mlp.down_proj.weight";

    // As llm-compressor writes it, its own habits included.
    private const string Config = """
        {
          "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 32, "head_dim": 16, "num_attention_heads": 2, "num_key_value_heads": 2,
          "num_hidden_layers": 1, "intermediate_size": 32, "vocab_size": 4, "max_position_embeddings": 128, "rope_theta": 500000.0, "torch_dtype": "bfloat16",
          "quantization_config": {
            "config_groups": {
              "group_0": {
                "input_activations": { "actorder": null, "block_structure": null, "dynamic": true, "group_size": null, "num_bits": 8, "observer": null, "observer_kwargs": {}, "strategy": "token", "symmetric": true, "type": "int" },
                "output_activations": null,
                "targets": ["Linear"],
                "weights": { "actorder": null, "block_structure": null, "dynamic": false, "group_size": null, "num_bits": 8, "observer": "mse", "observer_kwargs": {}, "strategy": "channel", "symmetric": true, "type": "int" }
              }
            },
            "format": "int-quantized", "global_compression_ratio": 1.24, "ignore": ["lm_head"], "kv_cache_scheme": null, "quant_method": "compressed-tensors", "quantization_status": "compressed"
          }
        }
        """;

    [Theory]
    [InlineData("F32")]
    [InlineData("BF16")]
    [InlineData("F16")]
    public void Weights_come_with_their_scales_and_query_rows_in_gguf_order(string scaleType)
    {
        using TemporaryFolder folder = Folder(scaleType: scaleType);
        using ITensorSource source = HuggingFaceFolder.Open(folder.Path);
        float[] down = Decode(source, "blk.0.ffn_down.weight"), query = Decode(source, "blk.0.attn_q.weight");
        for (int row = 0; row < Hidden; row++)
        {
            long there = RotaryRows.InHuggingFace(row, HeadSize);
            for (int i = 0; i < Hidden; i++)
            {
                Assert.Equal(Weight(row, i) * Scale(row), down[row * Hidden + i]);
                Assert.Equal(Weight(there, i) * Scale(there), query[row * Hidden + i]);
            }
        }
        Assert.Equal(TensorType.I8, source.Tensors.Single(tensor => tensor.Name == "blk.0.attn_q.weight").Type);
    }

    [Fact]
    public void One_scale_may_stand_for_all_rows()
    {
        using TemporaryFolder folder = Folder(Changed("weights", "strategy", "tensor"), scaleShape: [1]);
        using ITensorSource source = HuggingFaceFolder.Open(folder.Path);
        Assert.Equal(Weight(7, 3) * Scale(0), Decode(source, "blk.0.ffn_down.weight")[7 * Hidden + 3]);
    }

    public static TheoryData<string, string> Schemes => new()
    {
        { Changed("weights", "num_bits", 4), "weights are 4 bits of type int" },
        { Changed("weights", "type", "float"), "weights are 8 bits of type float" },
        { Changed("weights", "strategy", "group"), "weights have a scale for each group" },
        { Changed("weights", "symmetric", false), "weights have zero points" },
        { Changed("input_activations", "dynamic", false), "input_activations have scales fixed beforehand" },
        { Changed("input_activations", "strategy", "tensor"), "input_activations have a scale for each tensor" },
        { Config.Replace("\"int-quantized\"", "\"pack-quantized\"", StringComparison.Ordinal), "format is 'pack-quantized'" },
        { Config.Replace("\"compressed-tensors\"", "\"gptq\"", StringComparison.Ordinal), "quant_method is 'gptq'" },
        { Config.Replace("\"kv_cache_scheme\": null", "\"kv_cache_scheme\": {\"num_bits\": 8}", StringComparison.Ordinal), "kv_cache_scheme asks for rounded keys and values" },
        { Config.Replace("\"config_groups\"", "\"groups\"", StringComparison.Ordinal), "config_groups is missing" },
        { Config.Replace("\"input_activations\"", "\"activations\"", StringComparison.Ordinal), "input_activations are not rounded" },
        { Config.Replace("\"quantization_config\"", "\"quantization\"", StringComparison.Ordinal), "Cria reads F32, F16 and BF16 weights" },
        { JsonNode.Parse(Config)!.AsObject() is { } root && (root["quantization_config"] = 8) is not null ? root.ToJsonString() : "", "quantization_config is no object" },
    };

    [Theory]
    [MemberData(nameof(Schemes))]
    public void Other_schemes_are_refused_in_one_line_that_names_them(string config, string expected)
    {
        using TemporaryFolder folder = Folder(config);
        string message = Assert.Throws<CriaException>(() => HuggingFaceFolder.Open(folder.Path)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Scales_that_do_not_fit_are_refused()
    {
        Refused("are missing", without: Down + "_scale");
        Refused("has no I8 weight that it scales", without: Down);
        Refused("is [31, 1] where its weight has 32 rows", scaleShape: [31, 1]);
        Refused("is [1, 32] where its weight has 32 rows", scaleShape: [1, 32]);
        Refused("which is no scale", scale: float.NaN);
        Refused("which is no scale", scale: float.PositiveInfinity);
        Refused("which is no scale", scale: -0.5f);
        Refused("where only F32, F16 and BF16 make sense", scaleType: "I32");

        void Refused(string expected, string? without = null, long[]? scaleShape = null, float? scale = null, string scaleType = "F32")
        {
            using TemporaryFolder folder = Folder(without: without, scaleShape: scaleShape, scale: scale, scaleType: scaleType);
            Assert.Contains(expected, Assert.Throws<CriaException>(() => HuggingFaceFolder.Open(folder.Path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Damaged_folders_end_in_a_message_or_a_model()
    {
        using TemporaryFolder folder = Folder();
        byte[] weights = File.ReadAllBytes(folder.File("model.safetensors")), config = Encoding.UTF8.GetBytes(Config);
        for (int seed = 0; seed < 400; seed++)
        {
            File.WriteAllBytes(folder.File("model.safetensors"), seed % 2 == 0 ? Mutation.Of(weights, seed, 600) : weights);
            File.WriteAllBytes(folder.File("config.json"), seed % 2 == 1 ? Mutation.Of(config, seed) : config);
            try
            {
                using ITensorSource source = HuggingFaceFolder.Open(folder.Path);
                foreach (TensorInfo info in source.Tensors) Decode(source, info.Name);
            }
            catch (CriaException)
            {
            }
        }
    }

    private static string Changed(string part, string key, JsonNode value)
    {
        JsonNode root = JsonNode.Parse(Config)!;
        root["quantization_config"]!["config_groups"]!["group_0"]![part]![key] = value;
        return root.ToJsonString();
    }

    private static sbyte Weight(long row, long column) => (sbyte)((row * 37 + column * 11) % 255 - 127);

    // Exact in every type that scales may have.
    private static float Scale(long row) => (1 + row % 8) / 1024f;

    private static TemporaryFolder Folder(string config = Config, string scaleType = "F32", long[]? scaleShape = null, float? scale = null, string? without = null)
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("config.json"), config);
        long[] shape = scaleShape ?? [Hidden, 1];
        var weights = new byte[Hidden * Hidden];
        for (int i = 0; i < weights.Length; i++) weights[i] = unchecked((byte)Weight(i / Hidden, i % Hidden));
        using var scales = new MemoryStream();
        for (int row = 0; row < shape.Aggregate(1L, (a, b) => a * b); row++)
        {
            float value = row == 5 && scale is { } odd ? odd : Scale(row);
            scales.Write(scaleType switch
            {
                "F16" => BitConverter.GetBytes((Half)value),
                "BF16" => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)),
                _ => BitConverter.GetBytes(value),
            });
        }
        SafetensorsContent[] tensors =
        [
            new("model.embed_tokens.weight", "BF16", [4, Hidden], stream => stream.Write(new byte[4 * Hidden * 2])),
            new(Query, "I8", [Hidden, Hidden], stream => stream.Write(weights)),
            new(Query + "_scale", scaleType, shape, stream => stream.Write(scales.ToArray())),
            // Scales may come before their weights.
            new(Down + "_scale", scaleType, shape, stream => stream.Write(scales.ToArray())),
            new(Down, "I8", [Hidden, Hidden], stream => stream.Write(weights)),
        ];
        SafetensorsWriter.Write(folder.File("model.safetensors"), [.. tensors.Where(tensor => tensor.Name != without)]);
        return folder;
    }

    private static float[] Decode(ITensorSource source, string name)
    {
        Assert.True(source.TryGet(name, out TensorInfo info));
        var values = new float[info.ElementCount];
        source.View(info).Decode(0, (int)info.Rows, values);
        return values;
    }
}
