using System.Text.Json;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Tests.Tokenization;

public class TokenizerLoadTests
{
    [Fact]
    public void Both_folder_forms_give_the_same_ids()
    {
        Tokenizer json = Tokenizer.Load(SharedData.PathOf("goldens/nano/hf"));
        Tokenizer meta = Tokenizer.Load(SharedData.PathOf("goldens/nano/meta"));
        Assert.Equal(json.VocabularySize, meta.VocabularySize);
        Assert.Equal((2048, 2057), (json.Bos, json.Eos));
        Assert.Equal((2048, 2057), (meta.Bos, meta.Eos));
        Random random = new(10);
        for (int round = 0; round < 2000; round++)
        {
            string text = RandomText.Next(random, 30);
            int[] ids = json.Encode(text, addBos: true, parseSpecial: true);
            Assert.Equal(ids, meta.Encode(text, addBos: true, parseSpecial: true));
            Assert.Equal(text, json.Decode(json.Encode(text)));
        }
        for (int id = 0; id < json.VocabularySize; id++)
            Assert.Equal(json.TokenText(id), meta.TokenText(id));
    }

    [Fact]
    public void Llama_31_folders_name_its_special_tokens()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            File.Copy(SharedData.PathOf("goldens/nano/meta/tokenizer.model"), Path.Combine(folder, "tokenizer.model"));
            File.WriteAllText(Path.Combine(folder, "params.json"), "{\"use_scaled_rope\": true}");
            Tokenizer tokenizer = Tokenizer.Load(folder);
            Assert.Equal(2048 + 8, tokenizer.FindSpecial("<|eom_id|>"));
            Assert.Equal(2048 + 10, tokenizer.FindSpecial("<|python_tag|>"));
            Assert.Equal(2048 + 4, tokenizer.FindSpecial("<|finetune_right_pad_id|>"));
            Assert.Equal(2048 + 255, tokenizer.FindSpecial("<|reserved_special_token_247|>"));
            Assert.Equal([2057, 2056, 2049], tokenizer.StopTokens);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_json_vocabulary_with_byte_tokens_is_read_as_sentence_pieces()
    {
        Dictionary<string, int> vocab = new() { ["<unk>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };
        for (int value = 0; value < 256; value++)
            vocab.Add($"<0x{value:X2}>", 3 + value);
        string[] words = ["▁", "a", "b", "c", "bc", "ab", "▁ab"];
        foreach (string word in words)
            vocab.Add(word, vocab.Count);
        string json = JsonSerializer.Serialize(new
        {
            added_tokens = new[] { new { id = 0, content = "<unk>", special = true }, new { id = 1, content = "<s>", special = true }, new { id = 2, content = "</s>", special = true } },
            normalizer = new { type = "Sequence", normalizers = new object[] { new { type = "Prepend", prepend = "▁" } } },
            model = new { type = "BPE", byte_fallback = true, unk_token = "<unk>", vocab, merges = new[] { "b c", "a b", "▁ ab" } },
        });
        Tokenizer tokenizer = LoadJson(json);
        Assert.IsType<SentencePieceTokenizer>(tokenizer);
        Assert.Equal([" ", "a", "bc"], tokenizer.Encode("abc").Select(tokenizer.TokenText));
        Assert.Equal([" ab", " ab"], tokenizer.Encode("ab ab").Select(tokenizer.TokenText));
        Assert.Equal("ab\n🦙", tokenizer.Decode(tokenizer.Encode("ab\n🦙")));
    }

    [Theory]
    [InlineData("{", "not JSON")]
    [InlineData("[]", "not a tokenizer.json")]
    [InlineData("{}", "not a tokenizer.json")]
    [InlineData("{\"model\": {\"type\": \"Unigram\"}}", "'Unigram'")]
    [InlineData("{\"model\": {\"vocab\": {\"a\": \"b\"}, \"merges\": []}}", "not a tokenizer.json")]
    [InlineData("{\"model\": {\"vocab\": {\"a\": 2000000000}, \"merges\": []}}", "numbered up to")]
    [InlineData("{\"model\": {\"vocab\": {\"a\": 0, \"b\": 0}, \"merges\": []}}", "taken")]
    [InlineData("{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": []}}", "another way")]
    public void Damaged_json_is_refused_in_one_line(string json, string what)
    {
        CriaException error = Assert.Throws<CriaException>(() => LoadJson(json));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_folder_without_a_vocabulary_is_refused()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            Assert.Contains("neither", Assert.Throws<CriaException>(() => Tokenizer.Load(folder)).Message, StringComparison.Ordinal);
            Assert.Contains("cannot be read", Assert.Throws<CriaException>(() => Tokenizer.Load(Path.Combine(folder, "tokenizer.model"))).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    private static Tokenizer LoadJson(string json)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string path = Path.Combine(folder, "tokenizer.json");
            File.WriteAllText(path, json);
            return Tokenizer.Load(path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
