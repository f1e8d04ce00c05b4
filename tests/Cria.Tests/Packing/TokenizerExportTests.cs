using Cria.Packing;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Tests.Packing;

public sealed class TokenizerExportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_sentence_piece_vocabulary_encodes_the_same_from_its_folder()
    {
        Tokenizer before = Tokenizer.FromMetadata(SentencePiece());
        TokenizerExport.Write(SentencePiece(), before, folder);
        Tokenizer after = Tokenizer.Load(folder);
        Assert.Equal(before.VocabularySize, after.VocabularySize);
        Assert.Equal(before.Bos, after.Bos);
        Assert.Equal(before.Eos, after.Eos);
        var random = new Random(1);
        for (int i = 0; i < 500; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => "abc é"[random.Next(5)]));
            Assert.Equal(before.Encode(text), after.Encode(text));
        }
    }

    [Fact]
    public void Named_chat_templates_survive()
    {
        using ITensorSource source = ModelSource.Open(NanoGoldens.GgufPath("F16"));
        Dictionary<string, object> settings = new(source.Metadata.Values)
        {
            ["tokenizer.chat_templates"] = new[] { "tool_use" },
            ["tokenizer.chat_template.tool_use"] = "{{ tools }}",
        };
        var metadata = new ModelMetadata("named", settings);
        Tokenizer tokenizer = Tokenizer.FromMetadata(metadata);
        TokenizerExport.Write(metadata, tokenizer, folder);
        foreach (string name in new[] { "config.json", "generation_config.json" }) File.Copy(SharedData.PathOf($"goldens/nano/hf/{name}"), Path.Combine(folder, name));
        foreach (string name in new[] { "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors" }) File.Copy(SharedData.PathOf($"goldens/nano/hf/{name}"), Path.Combine(folder, name));
        using ITensorSource again = ModelSource.Open(folder);
        Assert.Equal(metadata.Text("tokenizer.chat_template"), again.Metadata.Text("tokenizer.chat_template"));
        Assert.Equal("{{ tools }}", again.Metadata.Text("tokenizer.chat_template.tool_use"));
        Assert.Equal(["tool_use"], again.Metadata.Array<string>("tokenizer.chat_templates")!);
        Assert.Equal(metadata.Array<string>("tokenizer.ggml.tokens"), again.Metadata.Array<string>("tokenizer.ggml.tokens")!);
        Assert.Equal(metadata.Array<string>("tokenizer.ggml.merges"), again.Metadata.Array<string>("tokenizer.ggml.merges")!);
    }

    private static ModelMetadata SentencePiece()
    {
        (string Word, float Score)[] words = [("▁", -20), ("a", -21), ("b", -22), ("c", -23), ("ab", -1), ("▁a", -2), ("▁ab", -3), ("bc", -4), ("abc", -5), ("▁abc", -6), ("ca", -7)];
        string[] tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), .. words.Select(word => word.Word)];
        return new ModelMetadata("small", new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.tokens"] = tokens,
            ["tokenizer.ggml.scores"] = tokens.Select((_, id) => id < 259 ? 0f : words[id - 259].Score).ToArray(),
            ["tokenizer.ggml.token_type"] = tokens.Select((_, id) => id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1).ToArray(),
            ["tokenizer.ggml.bos_token_id"] = 1L,
            ["tokenizer.ggml.eos_token_id"] = 2L,
        });
    }
}
