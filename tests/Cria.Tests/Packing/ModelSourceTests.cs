using System.IO.Compression;
using Cria.Models;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Kernels;

namespace Cria.Tests.Packing;

public sealed class ModelSourceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("goldens/nano/hf")]
    [InlineData("goldens/nano/hf/model-00001-of-00002.safetensors")]
    [InlineData("goldens/nano/meta")]
    [InlineData("goldens/nano/meta/consolidated.00.pth")]
    public void Folders_of_other_forms_hold_the_same_model_as_gguf(string path)
    {
        using GgufReader expected = GgufReader.Open(NanoGoldens.GgufPath("BF16"));
        using ITensorSource source = ModelSource.Open(SharedData.PathOf(path));
        Assert.Equal(expected.Tensors.Select(tensor => tensor.Name).Order(), source.Tensors.Select(tensor => tensor.Name).Order());
        foreach (TensorInfo wanted in expected.Tensors)
        {
            Assert.True(source.TryGet(wanted.Name, out TensorInfo info));
            Assert.Equal(wanted.Type, info.Type);
            Assert.Equal(wanted.Shape, info.Shape);
            AssertSame(expected.View(wanted), source.View(info), wanted.Name);
            source.Release(info);
            AssertSame(expected.View(wanted), source.View(info), wanted.Name);
        }
        foreach ((string key, object value) in expected.Metadata.Values)
        {
            // A name is a folder's; the chat template, the model's context and the token that ends a turn are not in Meta's form.
            if (key is "general.name" or "general.quantization_version" || (path.Contains("meta", StringComparison.Ordinal) && key is "tokenizer.chat_template" or "llama.context_length" or "tokenizer.ggml.eos_token_id")) continue;
            Assert.True(source.Metadata.Contains(key), key);
            object found = source.Metadata.Values[key];
            if (value is double number) Assert.Equal(number, source.Metadata.Number(key), 1e-6 * number);
            else if (value is Array) Assert.Equal(value, found);
            else Assert.Equal(value.ToString(), found.ToString());
        }
    }

    [Fact]
    public void An_archive_with_a_program_before_it_holds_its_model()
    {
        string zip = Path.Combine(folder, "model.zip");
        using (ZipArchive archive = ZipFile.Open(zip, ZipArchiveMode.Create))
        {
            archive.CreateEntryFromFile(NanoGoldens.GgufPath("Q4_0"), "weights/model.gguf", CompressionLevel.NoCompression);
            archive.CreateEntry(".args");
        }
        string llamafile = Path.Combine(folder, "model.llamafile");
        File.WriteAllBytes(llamafile, [.. "MZ some program"u8, .. new byte[5000], .. File.ReadAllBytes(zip)]);
        using GgufReader expected = GgufReader.Open(NanoGoldens.GgufPath("Q4_0"));
        foreach (string path in new[] { zip, llamafile })
        {
            using ITensorSource source = ModelSource.Open(path);
            Assert.Equal(expected.Tensors.Count, source.Tensors.Count);
            foreach (TensorInfo info in expected.Tensors) AssertSame(expected.View(info), source.View(info), info.Name);
        }
    }

    [Fact]
    public void A_gguf_file_needs_no_extension()
    {
        string blob = Path.Combine(folder, "sha256-0123");
        File.Copy(NanoGoldens.GgufPath("Q2_K"), blob);
        using ITensorSource source = ModelSource.Open(blob);
        Assert.Equal(21, source.Tensors.Count);
        File.Copy(blob, Path.Combine(folder, "model.gguf"));
        using ITensorSource fromFolder = ModelSource.Open(folder);
        Assert.Equal(21, fromFolder.Tensors.Count);
    }

    [Fact]
    public void What_is_no_model_is_explained()
    {
        Assert.Contains("no such file", Refused(Path.Combine(folder, "none")), StringComparison.Ordinal);
        Assert.Contains("holds no model", Refused(folder), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder, "model.cat0"), "abcdefgh");
        Assert.Contains("join the pieces first", Refused(Path.Combine(folder, "model.cat0")), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder, "text.txt"), "abcdefgh");
        Assert.Contains("is not a GGUF file nor any other form", Refused(Path.Combine(folder, "text.txt")), StringComparison.Ordinal);
        using (ZipArchive archive = ZipFile.Open(Path.Combine(folder, "packed.zip"), ZipArchiveMode.Create))
            archive.CreateEntryFromFile(NanoGoldens.GgufPath("Q2_K"), "model.gguf", CompressionLevel.Fastest);
        Assert.Contains("is compressed in the archive", Refused(Path.Combine(folder, "packed.zip")), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder, "a.gguf"), "");
        File.WriteAllText(Path.Combine(folder, "b.gguf"), "");
        Assert.Contains("holds 2 models", Refused(folder), StringComparison.Ordinal);

        static string Refused(string path) => Assert.Throws<CriaException>(() => ModelSource.Open(path)).Message;
    }

    [Theory]
    [InlineData("goldens/nano/hf")]
    [InlineData("goldens/nano/meta")]
    public void All_forms_give_the_same_logits(string path) =>
        Assert.Equal(LogitsOf(NanoGoldens.GgufPath("BF16")), LogitsOf(SharedData.PathOf(path)));

    private static float[] LogitsOf(string path)
    {
        using ITensorSource source = ModelSource.Open(path);
        using var model = new Llama(source, LlamaConfig.From(source), CpuBackend.Create(1, CpuLevel.Portable));
        using KvCache cache = model.CreateCache(128, TensorType.F32);
        using KvSequence sequence = cache.NewSequence();
        var batch = new Batch();
        Assert.True(batch.TryAdd(sequence, [2048, 274, 263, 1632], Logits.All, out _));
        Tensor logits = model.Forward(batch, cache);
        return [.. Enumerable.Range(0, 4).SelectMany(i => model.Read(logits, i).ToArray())];
    }

    private static void AssertSame(TensorView expected, TensorView found, string name) =>
        Assert.True(expected.RowRange(0, expected.Rows).SequenceEqual(found.RowRange(0, found.Rows)), name);
}
