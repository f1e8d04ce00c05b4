using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Kernels;

namespace Cria.Tests.Packing;

public sealed class PreparationTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string, string> PreparedTypesOnEveryLevel()
    {
        var data = new TheoryData<string, string>();
        foreach (string type in (string[])["Q4_0", "Q8_0", "Q4_K_M", "Q6_K", "F16", "BF16"])
        {
            foreach (CpuLevel level in Cpu.Available) data.Add(type, level.ToString());
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(PreparedTypesOnEveryLevel))]
    public void Logits_of_prompts_and_single_tokens_have_the_plain_models_bits_on_every_level(string type, string level)
    {
        using GgufReader plain = GgufReader.Open(NanoGoldens.GgufPath(type)), prepared = GgufReader.Open(Prepared(type));
        Assert.Contains(prepared.Tensors, tensor => prepared.View(tensor).IsInterleaved);
        Assert.Equal(Run(plain, Enum.Parse<CpuLevel>(level)), Run(prepared, Enum.Parse<CpuLevel>(level)));
    }

    [Theory]
    [InlineData("Q4_0")]
    [InlineData("Q4_K_M")]
    public void Whoever_reads_rows_reads_the_plain_models(string type)
    {
        string file = Prepared(type);
        using GgufReader plain = GgufReader.Open(NanoGoldens.GgufPath(type));
        using ITensorSource prepared = ModelSource.Open(file);
        Assert.Equal(ModelFingerprint.Of(plain, []), ModelFingerprint.Of(prepared, []));
        Same((source, path) => new Quantizer(source, new QuantizeOptions { FileType = FileType.Parse("Q5_1"), AllowRequantize = true, Threads = 1 }).Write(path));
        Same((source, path) => Converter.Write(source, path, new ConvertOptions { Type = TensorType.F16, Threads = 1 }));
        Same((source, path) => Converter.Write(source, path, new ConvertOptions { Threads = 1 }));
        Same((source, path) => File.Move(FileParts.SplitGguf(source, Path.Combine(folder, "part"), long.MaxValue).Single(), path, overwrite: true));
        Same((source, path) =>
        {
            Converter.Write(source, path + ".folder", new ConvertOptions { Type = TensorType.F16, Threads = 1 });
            File.Move(Directory.GetFiles(path + ".folder", "*.safetensors").Single(), path, overwrite: true);
            Directory.Delete(path + ".folder", recursive: true);
        });

        void Same(Action<ITensorSource, string> write)
        {
            string a = Path.Combine(folder, "a.gguf"), b = Path.Combine(folder, "b.gguf");
            write(plain, a);
            write(prepared, b);
            Assert.Equal(File.ReadAllBytes(a), File.ReadAllBytes(b));
        }
    }

    [Fact]
    public void A_prepared_file_is_as_long_as_the_plain_one_but_for_the_level_and_can_be_prepared_again()
    {
        string once = Prepared("Q4_K_M"), twice = Path.Combine(folder, "twice.gguf");
        using GgufReader source = GgufReader.Open(once);
        Assert.Equal("avx2", source.PreparedFor);
        Assert.InRange(new FileInfo(once).Length - new FileInfo(NanoGoldens.GgufPath("Q4_K_M")).Length, 0, 64);
        Assert.False(Preparation.Changes(source, CpuLevel.Avx2));
        Preparation.Write(source, twice, CpuLevel.Avx2, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(once), File.ReadAllBytes(twice));
    }

    [Fact]
    public void Where_there_is_nothing_to_prepare_one_line_says_so()
    {
        using GgufReader quantized = GgufReader.Open(NanoGoldens.GgufPath("Q4_0"));
        using var file = new MemoryStream();
        GgufWriter.Write(file, [], [new TensorContent(new TensorInfo("t", TensorType.Q5_0, [16, 32], 16 * 22), stream => stream.Write(new byte[16 * 22]))]);
        using GgufReader unwanted = GgufReader.FromBytes("unwanted", file.ToArray());
        Assert.Contains("the CPU level avx512 uses weights as they are stored, so there is nothing to prepare", Assert.Throws<CriaException>(() => Preparation.Check(quantized, CpuLevel.Avx512)).Message, StringComparison.Ordinal);
        Assert.Contains("(F32, F16, Q4_0, Q8_0, Q4_K, Q6_K, BF16)", Assert.Throws<CriaException>(() => Preparation.Check(unwanted, CpuLevel.Avx2)).Message, StringComparison.Ordinal);
        Assert.False(Preparation.Changes(unwanted, CpuLevel.Avx2));
        Assert.False(Preparation.Changes(quantized, CpuLevel.Portable));
    }

    [Fact]
    public void Hundreds_of_damaged_headers_are_read_or_refused_with_one_line()
    {
        byte[] whole = File.ReadAllBytes(Prepared("Q4_0"));
        // The tensor table is the end of the header.
        int table = whole.AsSpan().IndexOf("blk.0.attn_q.weight"u8);
        var random = new Random(1);
        int refused = 0;
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = [.. whole];
            bytes[table + random.Next(600)] = (byte)random.Next(256);
            try
            {
                using GgufReader reader = GgufReader.FromBytes("damaged", bytes);
                foreach (TensorInfo tensor in reader.Tensors) _ = reader.View(tensor).Row(tensor.Rows - 1).Length;
            }
            catch (CriaException failure)
            {
                Assert.DoesNotContain(failure.Message, char.IsControl);
                refused++;
            }
        }
        Assert.InRange(refused, 30, 300);
    }

    private static List<int> Run(GgufReader source, CpuLevel level)
    {
        using var model = new Llama(source, LlamaConfig.From(source), CpuBackend.Create(2, level));
        using KvCache cache = model.CreateCache(256);
        using KvSequence sequence = cache.NewSequence();
        List<int> bits = [];
        Step([.. Enumerable.Range(1, 37)]);
        for (int token = 40; token < 44; token++) Step([token]);
        return bits;

        void Step(int[] tokens)
        {
            var batch = new Batch();
            Assert.True(batch.TryAdd(sequence, tokens, Logits.All, out _));
            Tensor logits = model.Forward(batch, cache);
            for (int i = 0; i < tokens.Length; i++)
            {
                foreach (float value in model.Read(logits, i)) bits.Add(BitConverter.SingleToInt32Bits(value));
            }
        }
    }

    private string Prepared(string type)
    {
        string path = Path.Combine(folder, type + ".gguf");
        using GgufReader source = GgufReader.Open(NanoGoldens.GgufPath(type));
        Preparation.Write(source, path, CpuLevel.Avx2);
        return path;
    }
}
