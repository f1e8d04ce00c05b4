using Cria.Evaluation;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Safetensors;

namespace Cria.Tests.Packing;

public sealed class W8A8QuantizerTests : IDisposable
{
    private static readonly string Text = string.Concat(Enumerable.Repeat("The quick brown fox jumps over the lazy dog, and then it rests. 1234 + 5678 = 6912.\n", 60));

    private readonly string folder = Directory.CreateTempSubdirectory("cria-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Layers_become_bytes_with_a_scale_a_row_and_the_rest_stays()
    {
        using ITensorSource source = ModelSource.Open(SharedData.PathOf("goldens/nano/hf"));
        string output = Quantize(source, new W8A8Options());
        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(output, "model.safetensors")))
        {
            Assert.Equal(7 * 2, file.Entries.Count(entry => entry.Type == "I8"));
            foreach (SafetensorsEntry entry in file.Entries.Where(entry => entry.Type == "I8"))
            {
                SafetensorsEntry scales = file.Entries.Single(other => other.Name == entry.Name + "_scale");
                Assert.Equal([entry.Shape[0], 1], scales.Shape);
                // Each row uses the whole range.
                for (int row = 0; row < entry.Shape[0]; row++)
                    Assert.Equal(127, file.Bytes(entry, row * entry.Shape[1], (int)entry.Shape[1]).ToArray().Max(value => Math.Abs((int)(sbyte)value)));
            }
            Assert.Equal("BF16", file.Entries.Single(entry => entry.Name == "model.embed_tokens.weight").Type);
            Assert.Equal("BF16", file.Entries.Single(entry => entry.Name == "lm_head.weight").Type);
        }
        using ITensorSource found = ModelSource.Open(output);
        foreach (TensorInfo tensor in source.Tensors)
        {
            Assert.True(found.TryGet(tensor.Name, out TensorInfo info));
            float[] before = Decode(source, tensor), after = Decode(found, info);
            foreach ((float[] Before, float[] After) row in before.Chunk((int)tensor.Columns).Zip(after.Chunk((int)tensor.Columns)))
            {
                float allowed = info.Type == TensorType.I8 ? row.Before.Max(MathF.Abs) / 127 * 0.5001f : 0;
                for (int i = 0; i < row.Before.Length; i++)
                    if (!(MathF.Abs(row.Before[i] - row.After[i]) <= allowed)) Assert.Fail($"{tensor.Name} has {row.After[i]} where {row.Before[i]} was");
            }
        }
        Assert.Equal("W8A8", ModelSummary.From(found).FileType);
    }

    [Fact]
    public void Smoothing_leaves_the_network_as_it_is()
    {
        using ITensorSource source = ModelSource.Open(SharedData.PathOf("goldens/nano/hf"));
        InputRanges ranges = new RangeMeasurement(source, Text).Run(cancellationToken: TestContext.Current.CancellationToken);
        string output = Quantize(source, new W8A8Options { Ranges = ranges });
        using ITensorSource found = ModelSource.Open(output);
        // A gain times a column of the weights behind it is what it was, to the weight's last step.
        foreach ((string norm, string weight) in new[] { ("blk.1.attn_norm.weight", "blk.1.attn_k.weight"), ("blk.0.ffn_norm.weight", "blk.0.ffn_up.weight") })
        {
            float[] gainBefore = Decode(source, norm), gainAfter = Decode(found, norm), before = Decode(source, weight), after = Decode(found, weight);
            Assert.NotEqual(gainBefore, gainAfter);
            int columns = gainBefore.Length;
            float most = after.Max(MathF.Abs);
            for (int i = 0; i < before.Length; i++)
            {
                float allowed = most / 127 * 0.51f * MathF.Abs(gainAfter[i % columns]);
                if (!(MathF.Abs(before[i] * gainBefore[i % columns] - after[i] * gainAfter[i % columns]) <= allowed)) Assert.Fail($"{weight}[{i}]");
            }
        }
    }

    [Fact]
    public void Input_ranges_are_the_largest_magnitudes_seen()
    {
        using ITensorSource source = ModelSource.Open(SharedData.PathOf("goldens/nano/hf"));
        InputRanges one = new RangeMeasurement(source, Text, windows: 1).Run(cancellationToken: TestContext.Current.CancellationToken);
        InputRanges all = new RangeMeasurement(source, Text).Run(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(one.Largest["blk.0.attn_q.weight"], one.Largest["blk.0.attn_v.weight"]);
        foreach ((string name, float[] values) in one.Largest)
        {
            Assert.All(values, value => Assert.True(value > 0));
            Assert.All(values.Zip(all.Largest[name]), pair => Assert.True(pair.Second >= pair.First));
        }
    }

    [Fact]
    public async Task It_runs_and_costs_little()
    {
        using ITensorSource source = ModelSource.Open(SharedData.PathOf("goldens/nano/hf"));
        string plain = Quantize(source, new W8A8Options());
        using LanguageModel model = LanguageModel.Load(plain), reference = LanguageModel.Load(SharedData.PathOf("goldens/nano/hf"));
        PerplexityResult result = await new Perplexity(model, Text, reference, new PerplexityOptions { Window = 256 }).RunAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(result.Divergence!.Mean.Value, 0, 0.01);
        Assert.True(result.Divergence.SameTop.Value > 0.9);
    }

    [Fact]
    public void It_converts_to_floats_and_stays_itself_as_a_folder()
    {
        string first;
        using (ITensorSource source = ModelSource.Open(SharedData.PathOf("goldens/nano/hf"))) first = Quantize(source, new W8A8Options());
        using ITensorSource quantized = ModelSource.Open(first);
        string gguf = Path.Combine(folder, "out.gguf"), copy = Path.Combine(folder, "copy");
        Assert.Contains("cannot hold the I8 weights", Assert.Throws<CriaException>(() => Converter.Write(quantized, gguf, new ConvertOptions(), cancellationToken: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(gguf));
        Converter.Write(quantized, gguf, new ConvertOptions { Type = TensorType.F32 }, cancellationToken: TestContext.Current.CancellationToken);
        using (ITensorSource floats = ModelSource.Open(gguf))
            foreach (TensorInfo tensor in quantized.Tensors) Assert.Equal(Decode(quantized, tensor), Decode(floats, tensor.Name));
        Converter.Write(quantized, copy, new ConvertOptions(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(Path.Combine(first, "model.safetensors")), File.ReadAllBytes(Path.Combine(copy, "model.safetensors")));
        Assert.Contains("quantization_config", File.ReadAllText(Path.Combine(copy, "config.json")), StringComparison.Ordinal);
        Assert.Contains("I8 already", Assert.Throws<CriaException>(() => new Quantizer(quantized, new QuantizeOptions { FileType = FileType.Parse("Q8_0") })).Message, StringComparison.Ordinal);
        new Quantizer(quantized, new QuantizeOptions { FileType = FileType.Parse("Q8_0"), AllowRequantize = true }).Write(Path.Combine(folder, "q8.gguf"), cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public void What_cannot_be_done_is_said_before_anything_is_measured()
    {
        using ITensorSource source = ModelSource.Open(SharedData.PathOf("goldens/nano/hf"));
        Assert.Contains("GGUF has no form for W8A8", Assert.Throws<CriaException>(() => W8A8Quantizer.Check(source, Path.Combine(folder, "a.gguf"), new W8A8Options())).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(folder, "taken", "inside"));
        Assert.Contains("is there already", Assert.Throws<CriaException>(() => W8A8Quantizer.Check(source, Path.Combine(folder, "taken"), new W8A8Options())).Message, StringComparison.Ordinal);
        Assert.Contains("no share between 0 and 1", Assert.Throws<CriaException>(() => W8A8Quantizer.Check(source, Path.Combine(folder, "b"), new W8A8Options { Alpha = 2 })).Message, StringComparison.Ordinal);
        using ITensorSource quantized = ModelSource.Open(NanoGoldens.GgufPath("Q8_0"));
        Assert.Contains("is Q8_0 already", Assert.Throws<CriaException>(() => W8A8Quantizer.Check(quantized, Path.Combine(folder, "b"), new W8A8Options())).Message, StringComparison.Ordinal);
    }

    private string Quantize(ITensorSource source, W8A8Options options)
    {
        string output = Path.Combine(folder, "w8a8-" + Guid.NewGuid().ToString("N")[..6]);
        W8A8Quantizer.Write(source, output, options, cancellationToken: TestContext.Current.CancellationToken);
        return output;
    }

    private static float[] Decode(ITensorSource source, string name)
    {
        Assert.True(source.TryGet(name, out TensorInfo info));
        return Decode(source, info);
    }

    private static float[] Decode(ITensorSource source, TensorInfo info)
    {
        var values = new float[info.ElementCount];
        source.View(info).Decode(0, (int)info.Rows, values);
        return values;
    }
}
