using Cria.Tensors.Formats;
using Cria.Tensors.Formats.HuggingFace;
using Cria.Tests;

namespace Cria.Tensors.Tests.Formats.HuggingFace;

public sealed class HuggingFaceFolderTests
{
    [Fact]
    public void Query_rows_come_back_to_where_they_were()
    {
        for (long row = 0; row < 64; row++) Assert.Equal(row, RotaryRows.InGguf(RotaryRows.InHuggingFace(row, 16), 16));
        // Rows 0 and 1 of a head are a pair; Hugging Face has them half a head apart.
        Assert.Equal([16L, 24, 17, 25], new long[] { 16, 17, 18, 19 }.Select(row => RotaryRows.InHuggingFace(row, 16)));
    }

    [Fact]
    public void Every_gguf_name_has_its_counterpart()
    {
        foreach (string name in new[] { "token_embd.weight", "output_norm.weight", "output.weight", "blk.17.attn_q.weight", "blk.0.ffn_down.weight", "blk.3.ffn_norm.weight" })
            Assert.Equal(name, HuggingFaceNames.ToGguf(HuggingFaceNames.FromGguf(name)!));
        Assert.Equal("model.layers.17.self_attn.q_proj.weight", HuggingFaceNames.FromGguf("blk.17.attn_q.weight"));
        Assert.Null(HuggingFaceNames.ToGguf("model.layers.x.self_attn.q_proj.weight"));
        Assert.Null(HuggingFaceNames.ToGguf("model.vision.weight"));
    }

    [Theory]
    [InlineData("\"model_type\": \"llama\"", "\"model_type\": \"gpt2\"", "is a 'gpt2', not a llama")]
    [InlineData("\"hidden_size\": 256,", "", "hidden_size is missing")]
    [InlineData("\"hidden_size\": 256", "\"hidden_size\": \"big\"", "hidden_size should be a whole number")]
    [InlineData("\"attention_bias\": false", "\"attention_bias\": true", "has biases")]
    [InlineData("\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0}", "rotary scaling 'dynamic' is not known")]
    [InlineData("{", "", "is not valid JSON")]
    public void Settings_that_do_not_fit_are_explained(string before, string after, string expected)
    {
        using TemporaryFolder folder = Copy();
        string config = File.ReadAllText(folder.File("config.json"));
        Assert.Contains(before, config, StringComparison.Ordinal);
        int place = config.IndexOf(before, StringComparison.Ordinal);
        File.WriteAllText(folder.File("config.json"), string.Concat(config.AsSpan(0, place), after, config.AsSpan(place + before.Length)));
        Assert.Contains(expected, Assert.Throws<CriaException>(() => HuggingFaceFolder.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Llama_3_scaling_becomes_the_divisors_that_gguf_carries()
    {
        using TemporaryFolder folder = Copy();
        File.WriteAllText(folder.File("config.json"), File.ReadAllText(folder.File("config.json")).Replace("\"rope_scaling\": null",
            """
            "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
            """, StringComparison.Ordinal));
        using ITensorSource source = HuggingFaceFolder.Open(folder.Path);
        Assert.True(source.TryGet("rope_freqs.weight", out TensorInfo info));
        ReadOnlySpan<float> divisors = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(source.View(info).Row(0));
        Assert.Equal(16, divisors.Length);
        Assert.Equal(1f, divisors[0]);
        Assert.Equal(8f, divisors[^1]);
    }

    [Fact]
    public void A_model_in_the_cache_of_the_hub_has_its_own_name()
    {
        using TemporaryFolder folder = Copy();
        string snapshot = folder.File("models--meta-llama--Llama-3.2-1B/snapshots/0123abcd");
        Directory.CreateDirectory(snapshot);
        foreach (string path in Directory.GetFiles(folder.Path)) File.CreateSymbolicLink(Path.Combine(snapshot, Path.GetFileName(path)), path);
        using ITensorSource source = HuggingFaceFolder.Open(snapshot);
        Assert.Equal("Llama-3.2-1B", source.Metadata.Text("general.name"));
        Assert.Equal(21, source.Tensors.Count);
    }

    [Fact]
    public void A_missing_shard_and_a_path_out_of_the_folder_are_refused()
    {
        using TemporaryFolder folder = Copy();
        File.Delete(folder.File("model-00002-of-00002.safetensors"));
        Assert.Contains("model-00002-of-00002.safetensors is missing", Assert.Throws<CriaException>(() => HuggingFaceFolder.Open(folder.Path)).Message, StringComparison.Ordinal);
        string index = folder.File("model.safetensors.index.json");
        File.WriteAllText(index, File.ReadAllText(index).Replace("model-00002", "../model-00002", StringComparison.Ordinal));
        Assert.Contains("is no name of a file in this folder", Assert.Throws<CriaException>(() => HuggingFaceFolder.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_settings_are_read_or_refused_with_one_line()
    {
        using TemporaryFolder folder = Copy();
        foreach (string name in new[] { "config.json", "generation_config.json", "model.safetensors.index.json" })
        {
            byte[] whole = File.ReadAllBytes(folder.File(name));
            for (int seed = 0; seed < 400; seed++)
            {
                File.WriteAllBytes(folder.File(name), Mutation.Of(whole, seed, whole.Length));
                try
                {
                    HuggingFaceFolder.Open(folder.Path).Dispose();
                }
                catch (CriaException failure)
                {
                    Assert.DoesNotContain(failure.Message, char.IsControl);
                }
            }
            File.WriteAllBytes(folder.File(name), whole);
        }
    }

    private static TemporaryFolder Copy()
    {
        string source = SharedData.PathOf("goldens/nano/hf");
        var folder = new TemporaryFolder();
        foreach (string path in Directory.GetFiles(source))
            if (!path.EndsWith("tokenizer.json", StringComparison.Ordinal)) File.WriteAllBytes(folder.File(Path.GetFileName(path)), File.ReadAllBytes(path));
        return folder;
    }
}
