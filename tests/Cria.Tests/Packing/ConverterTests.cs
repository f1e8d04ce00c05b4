using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Formats.Safetensors;
using Cria.Tokenization;

namespace Cria.Tests.Packing;

public sealed class ConverterTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("goldens/nano/hf")]
    [InlineData("goldens/nano/meta")]
    public void Folders_become_the_gguf_file_that_the_reference_has(string path)
    {
        string output = Path.Combine(folder, "out.gguf");
        using (ITensorSource source = ModelSource.Open(SharedData.PathOf(path))) Convert(source, output);
        using GgufReader expected = GgufReader.Open(NanoGoldens.GgufPath("BF16"));
        using GgufReader found = GgufReader.Open(output);
        AssertSameTensors(expected, found);
        // Settings have the stored types that other programs expect.
        foreach (GgufEntry entry in expected.Entries)
            if (found.Entries.FirstOrDefault(other => other.Key == entry.Key) is { } other) Assert.Equal(entry.Type, other.Type);
    }

    [Fact]
    public unsafe void A_gguf_file_becomes_the_folder_it_was_made_from()
    {
        string output = Path.Combine(folder, "hf");
        using (ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath("BF16")))
            Converter.Write(source, output, new ConvertOptions { ShardBytes = 2_000_000 }, cancellationToken: TestContext.Current.CancellationToken);
        string original = SharedData.PathOf("goldens/nano/hf");
        Dictionary<string, byte[]> expected = Weights(original), found = Weights(output);
        Assert.Equal(expected.Keys.Order(), found.Keys.Order());
        foreach ((string name, byte[] bytes) in expected) Assert.True(bytes.AsSpan().SequenceEqual(found[name]), name);
        Assert.True(Directory.GetFiles(output, "*.safetensors").Length > 1);

        Tokenizer before = Tokenizer.Load(original), after = Tokenizer.Load(output);
        const string Text = "Hello, World! <|eot_id|> 1234 ünïcödé\n\n  \ttabs";
        Assert.Equal(before.Encode(Text, addBos: true, parseSpecial: true), after.Encode(Text, addBos: true, parseSpecial: true));
        Assert.Equal(before.StopTokens.Order(), after.StopTokens.Order());
        using ITensorSource again = ModelSource.Open(output);
        using ITensorSource reference = ModelSource.Open(original);
        AssertSameTensors(reference, again);
        Assert.Equal(reference.Metadata.Text("tokenizer.chat_template"), again.Metadata.Text("tokenizer.chat_template"));
        Assert.Equal(reference.Metadata.Number("llama.attention.layer_norm_rms_epsilon"), again.Metadata.Number("llama.attention.layer_norm_rms_epsilon"));

        static Dictionary<string, byte[]> Weights(string folder)
        {
            var weights = new Dictionary<string, byte[]>();
            foreach (string path in Directory.GetFiles(folder, "*.safetensors"))
            {
                using SafetensorsFile file = SafetensorsFile.Open(path);
                foreach (SafetensorsEntry entry in file.Entries) weights.Add(entry.Name, new ReadOnlySpan<byte>(file.Data(entry), (int)entry.ByteCount).ToArray());
            }
            return weights;
        }
    }

    [Theory]
    [InlineData("F32", TensorType.F32)]
    [InlineData("F16", TensorType.F16)]
    [InlineData("F32", TensorType.F16)]
    [InlineData("F32", TensorType.BF16)]
    public void There_and_back_is_the_same_model(string fileType, TensorType type)
    {
        string hf = Path.Combine(folder, "hf"), direct = Path.Combine(folder, "direct.gguf"), back = Path.Combine(folder, "back.gguf");
        using (ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath(fileType)))
        {
            Converter.Write(source, hf, new ConvertOptions { Type = type }, cancellationToken: TestContext.Current.CancellationToken);
            Converter.Write(source, direct, new ConvertOptions { Type = type }, cancellationToken: TestContext.Current.CancellationToken);
        }
        using (ITensorSource source = ModelSource.Open(hf)) Convert(source, back);
        using GgufReader expected = GgufReader.Open(direct);
        using GgufReader found = GgufReader.Open(back);
        AssertSameTensors(expected, found);
        Assert.Equal(expected.Metadata.Integer("general.file_type"), found.Metadata.Integer("general.file_type"));
    }

    [Fact]
    public void Converting_to_gguf_without_a_change_keeps_every_bit()
    {
        string output = Path.Combine(folder, "copy.gguf");
        using (ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath("Q5_K_M"))) Convert(source, output);
        Assert.Equal(File.ReadAllBytes(NanoGoldens.GgufPath("Q5_K_M")), File.ReadAllBytes(output));
    }

    [Fact]
    public void A_folder_that_is_there_is_not_touched()
    {
        File.WriteAllText(Path.Combine(folder, "mine"), "");
        using ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath("F16"));
        Assert.Contains("is there already", Assert.Throws<CriaException>(() => Convert(source, folder)).Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void Rotary_scaling_of_llama_3_1_survives_the_way_to_a_folder_and_back()
    {
        string scaled = Path.Combine(folder, "scaled.gguf"), hf = Path.Combine(folder, "hf");
        float[] divisors;
        using (GgufReader source = GgufReader.Open(NanoGoldens.GgufPath("F16")))
        {
            divisors = RopeDivisors.Of(500000, 32, 8, 1, 4, 8192);
            var info = new TensorInfo("rope_freqs.weight", TensorType.F32, [16], 64);
            TensorContent[] tensors = [.. source.Tensors.Select(tensor => TensorContent.From(source, tensor)), new(info, stream => stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(divisors)))];
            GgufWriter.Write(scaled, source.Entries, tensors);
        }
        using (ITensorSource source = ModelSource.Open(scaled)) Convert(source, hf);
        using ITensorSource again = ModelSource.Open(hf);
        Assert.True(again.TryGet("rope_freqs.weight", out TensorInfo found));
        Assert.Equal(divisors, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(again.View(found).Row(0)).ToArray());
    }

    private static void Convert(ITensorSource source, string output) => Converter.Write(source, output, new ConvertOptions(), cancellationToken: TestContext.Current.CancellationToken);

    private static void AssertSameTensors(ITensorSource expected, ITensorSource found)
    {
        Assert.Equal(expected.Tensors.Select(tensor => tensor.Name).Order(), found.Tensors.Select(tensor => tensor.Name).Order());
        foreach (TensorInfo wanted in expected.Tensors)
        {
            Assert.True(found.TryGet(wanted.Name, out TensorInfo info));
            Assert.Equal(wanted.Type, info.Type);
            Assert.True(expected.View(wanted).RowRange(0, wanted.Rows).SequenceEqual(found.View(info).RowRange(0, info.Rows)), wanted.Name);
        }
    }
}
