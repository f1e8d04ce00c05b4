using Cria.Adapters;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Tests.Adapters;

public sealed class LoraAdapterTests : IDisposable
{
    private const int Rank = 6;
    private const string Config = """{"peft_type": "LORA", "r": 6, "lora_alpha": 12, "target_modules": ["q_proj"], "bias": "none", "base_model_name_or_path": "some/model"}""";

    private readonly string folder = Directory.CreateTempSubdirectory("cria-lora-").FullName;
    private readonly Dictionary<string, (int Rows, int Columns, float[] A, float[] B)> factors = AdapterFixture.Factors(1, Rank);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void An_adapter_beside_the_weights_is_the_sum_merged_in_hugging_faces_order()
    {
        LoraAdapter adapter = Open(Peft());
        Assert.Equal(("some/model", 15), (adapter.BaseModel, adapter.Matrices.Count));
        float[] expected = AdapterFixture.Logits(Merged(_ => 2));
        float[] plain = AdapterFixture.Logits(Nano);
        Assert.True(AdapterFixture.LargestDifference(plain, expected) > 0.5);
        Assert.InRange(AdapterFixture.LargestDifference(AdapterFixture.Logits(Nano, new ScaledAdapter(adapter)), expected), 0, 1e-3);
        // The same in GGUF's row order.
        Assert.InRange(AdapterFixture.LargestDifference(AdapterFixture.Logits(NanoGoldens.GgufPath("F32"), new ScaledAdapter(adapter)), expected), 0, 1e-3);
    }

    [Fact]
    public void Merging_gives_what_applying_gives()
    {
        LoraAdapter adapter = Open(Peft());
        float[] applied = AdapterFixture.Logits(Nano, new ScaledAdapter(adapter, 0.5));
        using var merged = new MergedSource(ModelSource.Open(NanoGoldens.GgufPath("F32")), [new ScaledAdapter(adapter, 0.25), new ScaledAdapter(adapter, 0.25)]);
        Assert.InRange(AdapterFixture.LargestDifference(AdapterFixture.Logits(merged), applied), 0, 1e-3);
        string written = Path.Combine(folder, "merged-hf");
        Converter.Write(merged, written, new ConvertOptions(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(AdapterFixture.LargestDifference(AdapterFixture.Logits(written), applied), 0, 1e-3);
    }

    [Fact]
    public void Scales_follow_the_settings()
    {
        string config = """{"r": 6, "lora_alpha": 12, "use_rslora": true, "alpha_pattern": {"layers.1.*": 6, "lm_head": 3, "down_proj": 60}}""";
        LoraAdapter adapter = Open(Peft(config));
        double root = Math.Sqrt(Rank);
        Assert.Equal(12 / root, adapter.Find("blk.0.attn_q.weight")!.Scale, 1e-9);
        Assert.Equal(6 / root, adapter.Find("blk.1.ffn_down.weight")!.Scale, 1e-9);
        Assert.Equal(60 / root, adapter.Find("blk.0.ffn_down.weight")!.Scale, 1e-9);
        Assert.Equal(3 / root, adapter.Find("output.weight")!.Scale, 1e-9);
    }

    [Fact]
    public void Both_forms_keep_the_adapter()
    {
        LoraAdapter read = Open(Peft("""{"r": 6, "lora_alpha": 12, "alpha_pattern": {"layers.1.self_attn.q_proj": 48}, "base_model_name_or_path": "some/model"}""", ".default"));
        string gguf = Path.Combine(folder, "a.gguf"), peft = Path.Combine(folder, "again");
        read.Write(gguf, AdapterFixture.HeadSize);
        LoraAdapter fromGguf = Open(gguf);
        fromGguf.Write(peft, AdapterFixture.HeadSize);
        read.Write(peft + "2", AdapterFixture.HeadSize);
        foreach (LoraAdapter other in new[] { fromGguf, Open(peft), Open(peft + "2") })
        {
            Assert.Equal(read.BaseModel, other.BaseModel);
            Assert.Equal(read.Matrices.Select(matrix => matrix.Target).Order(), other.Matrices.Select(matrix => matrix.Target).Order());
            foreach (LoraMatrix matrix in read.Matrices)
            {
                LoraMatrix twin = other.Find(matrix.Target)!;
                Assert.Equal((matrix.Rank, matrix.Rows, matrix.Columns), (twin.Rank, twin.Rows, twin.Columns));
                Assert.Equal(matrix.Down, twin.Down);
                Assert.Equal(matrix.Up.Select(value => (float)(value * matrix.Scale)), twin.Up.Select(value => (float)(value * twin.Scale)));
            }
        }
        Assert.Equal("lora", GgufSettings(gguf).Text("adapter.type"));
        Assert.Contains("\"target_modules\": [\n    \"q_proj\",", File.ReadAllText(Path.Combine(peft, "adapter_config.json")).ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("\"model.layers.1.self_attn.q_proj\": 48", File.ReadAllText(Path.Combine(peft + "2", "adapter_config.json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Q4_K_M", 0.7)]
    [InlineData("Q8_0", 0.97)]
    public void Quantized_weights_stay_as_they_are(string type, double likeness)
    {
        LoraAdapter adapter = Open(Peft());
        float[] plain = AdapterFixture.Logits(NanoGoldens.GgufPath(type));
        Assert.Equal(plain, AdapterFixture.Logits(NanoGoldens.GgufPath(type), new ScaledAdapter(adapter, 0)));
        float[] adapted = AdapterFixture.Logits(NanoGoldens.GgufPath(type), new ScaledAdapter(adapter, 2));
        float[] expected = Difference(AdapterFixture.Logits(Merged(_ => 4)), AdapterFixture.Logits(Nano));
        double cosine = Cosine(Difference(adapted, plain), expected);
        Assert.True(cosine > likeness, $"{cosine}");
    }

    [Theory]
    [InlineData("""{"peft_type": "LOHA"}""", "adapters of the kind LOHA")]
    [InlineData("""{"use_dora": true}""", "DoRA")]
    [InlineData("""{"lora_alpha": "much"}""", "lora_alpha should be a number")]
    [InlineData("""{"alpha_pattern": {"(": 3}}""", "alpha_pattern '('")]
    [InlineData("[1]", "JSON object")]
    public void Settings_that_cannot_be_followed_are_refused(string config, string expected) =>
        Assert.Contains(expected, Assert.Throws<CriaException>(() => Open(Peft(config))).Message, StringComparison.Ordinal);

    [Fact]
    public void An_adapter_that_is_none_or_another_models_is_named()
    {
        using ITensorSource nano = ModelSource.Open(NanoGoldens.GgufPath("F32"));
        Refused("there is no such adapter", () => Open(Path.Combine(folder, "none")));
        Refused("but no adapter", () => Open(NanoGoldens.GgufPath("F32")));
        Refused("adapter_config.json is missing", () => Open(Directory.CreateDirectory(Path.Combine(folder, "empty")).FullName));
        string peft = Peft();
        File.Move(Path.Combine(peft, "adapter_model.safetensors"), Path.Combine(peft, "adapter_model.bin"));
        Refused("is a pickle", () => Open(peft));
        Refused("no multiple of the head size 48", () => LoraAdapter.Open(Peft(), 48));
        factors["model.layers.7.mlp.up_proj"] = factors["model.layers.0.mlp.up_proj"];
        Refused("changes blk.7.ffn_up.weight, which", () => Open(Peft()).CheckFits(nano));
        factors.Remove("model.layers.7.mlp.up_proj");
        factors["model.layers.0.self_attn.v_proj"] = factors["model.layers.0.self_attn.o_proj"];
        Refused("is for a blk.0.attn_v.weight of [256, 256]", () => Open(Peft()).CheckFits(nano));
        factors.Remove("model.layers.0.self_attn.v_proj");
        factors["model.embed_tokens"] = factors["lm_head"];
        Refused("changes the token embedding", () => Open(Peft()).CheckFits(nano));
        factors["vision.patch"] = factors["lm_head"];
        Refused("changes vision.patch", () => Open(Peft()));

        static void Refused(string expected, Action open) => Assert.Contains(expected, Assert.Throws<CriaException>(open).Message, StringComparison.Ordinal);
    }

    private static string Nano => SharedData.PathOf("goldens/nano/hf");

    private static LoraAdapter Open(string path) => LoraAdapter.Open(path, AdapterFixture.HeadSize);

    private static ModelMetadata GgufSettings(string path)
    {
        using GgufReader reader = GgufReader.Open(path);
        return reader.Metadata;
    }

    private static float[] Difference(float[] x, float[] y) => [.. x.Zip(y, (a, b) => a - b)];

    private static double Cosine(float[] x, float[] y)
    {
        double dot = 0, a = 0, b = 0;
        for (int i = 0; i < x.Length; i++) (dot, a, b) = (dot + (double)x[i] * y[i], a + (double)x[i] * x[i], b + (double)y[i] * y[i]);
        return dot / Math.Sqrt(a * b);
    }

    private string Peft(string config = Config, string adapterName = "") => AdapterFixture.WritePeft(Path.Combine(folder, Guid.NewGuid().ToString("N")), factors, Rank, config, adapterName);

    private string Merged(Func<string, double> scale) => AdapterFixture.MergeByHand(Path.Combine(folder, Guid.NewGuid().ToString("N")), factors, Rank, scale);
}
