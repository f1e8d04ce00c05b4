using System.Text;
using System.Text.Json;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Tests.Tokenization;

public class BytePairTokenizerTests
{
    public static TheoryData<string> Vocabularies => ["gguf", "tiktoken", "tiktoken written again", "metadata written again"];

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Gives_the_reference_ids(string vocabulary)
    {
        Tokenizer tokenizer = Load(vocabulary);
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("goldens/text/tokenizer.json")));
        Assert.Equal(112, cases.RootElement.GetArrayLength());
        foreach (JsonElement entry in cases.RootElement.EnumerateArray())
        {
            string text = entry.GetProperty("text").GetString()!;
            int[] expected = [.. entry.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(expected, tokenizer.Encode(text));
            Assert.Equal(expected, tokenizer.EncodeUtf8(Encoding.UTF8.GetBytes(text)));
            Assert.Equal(text, tokenizer.Decode(expected));
        }
    }

    [Fact]
    public void Both_forms_of_the_vocabulary_agree_on_random_text()
    {
        Tokenizer gguf = Llama3Vocabulary.Tokenizer;
        Tokenizer tiktoken = Load("tiktoken");
        Random random = new(2);
        for (int round = 0; round < 3000; round++)
        {
            string text = RandomText.Next(random, random.Next(1, 40));
            Assert.Equal(gguf.Encode(text), tiktoken.Encode(text));
        }
    }

    [Fact]
    public void Random_text_comes_back()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        Random random = new(3);
        for (int round = 0; round < 5000; round++)
        {
            string text = RandomText.Next(random, random.Next(0, 60));
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(text, tokenizer.Decode(ids, skipSpecial: false));
            Assert.DoesNotContain(ids, tokenizer.IsSpecial);
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, addBos: true, parseSpecial: true), skipSpecial: false)["<|begin_of_text|>".Length..]);
        }
    }

    [Fact]
    public void Every_essay_comes_back()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        string[] files = Directory.GetFiles(SharedData.PathOf("data/haystack"), "*.txt");
        Assert.Equal(49, files.Length);
        foreach (string file in files)
        {
            string text = File.ReadAllText(file);
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void Long_words_merge_as_short_ones_do()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        Dictionary<string, int> ranks = [];
        for (int id = 0; id < 128000; id++)
            ranks[Convert.ToHexString(tokenizer.TokenBytes(id))] = id;
        Random random = new(4);
        for (int round = 0; round < 200; round++)
        {
            // The words stay below and above the length at which merging keeps a heap; ranks must decide alike on both sides.
            string word = string.Concat(Enumerable.Range(0, random.Next(20, 120)).Select(_ => "etaoinshrdlu"[random.Next(12)]));
            Assert.Equal(Naive(ranks, word), tokenizer.Encode(word));
        }
        Assert.Equal(new string('a', 1 << 20), tokenizer.Decode(tokenizer.Encode(new string('a', 1 << 20))));
        Assert.Equal(new string(' ', 1 << 20), tokenizer.Decode(tokenizer.Encode(new string(' ', 1 << 20))));
    }

    [Fact]
    public void Special_tokens_come_only_where_asked_for()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        const string Text = "<|begin_of_text|>hi<|eot_id|><|eot_id|><|eot_id";
        Assert.DoesNotContain(tokenizer.Encode(Text), tokenizer.IsSpecial);
        Assert.Equal([128000, 6151, 128009, 128009, .. tokenizer.Encode("<|eot_id")], tokenizer.Encode(Text, parseSpecial: true));
        Assert.Equal([128000, 6151], tokenizer.Encode("hi", addBos: true));
        Assert.Equal(128009, tokenizer.FindSpecial("<|eot_id|>"));
        Assert.Null(tokenizer.FindSpecial("hi"));
        Assert.Equal("hi<|eot_id", tokenizer.Decode(tokenizer.Encode(Text, parseSpecial: true)));
        Assert.Equal([128009, 128001], tokenizer.StopTokens);
        Assert.Equal(128000, tokenizer.Bos);
        Assert.True(tokenizer.IsStop(128009) && tokenizer.IsSpecial(128009) && !tokenizer.IsSpecial(0));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused_with_their_offset()
    {
        Tokenizer tokenizer = Tiny();
        CriaException error = Assert.Throws<CriaException>(() => tokenizer.EncodeUtf8([(byte)'a', (byte)'b', 0xE2, 0x82, (byte)'c']));
        Assert.Contains("byte 2", error.Message, StringComparison.Ordinal);
        Assert.Throws<CriaException>(() => tokenizer.EncodeUtf8([0xED, 0xA0, 0x80]));
        Assert.Equal("a\uFFFDb", tokenizer.Decode(tokenizer.Encode("a\uD800b")));
    }

    [Fact]
    public void Damaged_vocabularies_are_refused_in_one_line()
    {
        Refuse("tokens is missing", values => values.Remove("tokenizer.ggml.tokens"));
        Refuse("empty", values => values["tokenizer.ggml.tokens"] = Array.Empty<string>(), values => values["tokenizer.ggml.token_type"] = Array.Empty<int>());
        Refuse("merges is missing", values => values.Remove("tokenizer.ggml.merges"));
        Refuse("merge 0", values => values["tokenizer.ggml.merges"] = new[] { "a zz" });
        Refuse("merge 0", values => values["tokenizer.ggml.merges"] = new[] { "ab" });
        Refuse("merge 0", values => values["tokenizer.ggml.merges"] = new[] { "a \u2581" });
        Refuse("entries", values => values["tokenizer.ggml.token_type"] = new[] { 1 });
        Refuse("no token for byte", values => ((string[])values["tokenizer.ggml.tokens"])[3] = "aaa");
        Refuse("same text", values => ((string[])values["tokenizer.ggml.tokens"])[256] = "a");
        Refuse("means nothing", values => ((int[])values["tokenizer.ggml.token_type"])[0] = 9);
        Refuse("outside the vocabulary", values => values["tokenizer.ggml.bos_token_id"] = 1000L);
        Refuse("outside the vocabulary", values => values["tokenizer.ggml.eos_token_id"] = -1L);
        Refuse("'qwen2'", values => values["tokenizer.ggml.pre"] = "qwen2");
        Refuse("'bert'", values => values["tokenizer.ggml.model"] = "bert");
    }

    [Fact]
    public void A_token_outside_the_vocabulary_is_refused()
    {
        Tokenizer tokenizer = Tiny();
        Assert.Throws<CriaException>(() => tokenizer.Decode([1, 100_000]));
        Assert.Throws<CriaException>(() => tokenizer.TokenText(-1));
        Assert.Throws<CriaException>(() => tokenizer.IsSpecial(int.MaxValue));
    }

    [Theory]
    [InlineData("IQ== 0\nIg==\n", "line 2")]
    [InlineData("IQ== 0\n!!! 1\n", "line 2")]
    [InlineData("IQ== 0\nIg== 0\n", "line 2")]
    [InlineData("IQ== 0\nIg== 7\n", "line 2")]
    [InlineData("IQ== 0\n", "byte 0x00")]
    [InlineData("", "empty")]
    public void Damaged_tiktoken_files_are_refused_in_one_line(string content, string what)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, content);
            CriaException error = Assert.Throws<CriaException>(() => BytePairTokenizer.FromTiktoken(path, content.Length == 0 ? [] : null));
            Assert.Contains(what, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void One_tokenizer_serves_many_threads()
    {
        Tokenizer tokenizer = Llama3Vocabulary.Tokenizer;
        Random random = new(5);
        string[] texts = [.. Enumerable.Range(0, 64).Select(_ => RandomText.Next(random, 200))];
        int[][] expected = [.. texts.Select(text => tokenizer.Encode(text))];
        Parallel.For(0, 512, i => Assert.Equal(expected[i % texts.Length], tokenizer.Encode(texts[i % texts.Length])));
    }

    private static Tokenizer Load(string vocabulary)
    {
        string tiktoken = SharedData.PathOf("data/llama3/tokenizer.model");
        switch (vocabulary)
        {
            case "gguf":
                return Llama3Vocabulary.Tokenizer;
            case "tiktoken":
                return BytePairTokenizer.FromTiktoken(tiktoken);
            case "metadata written again":
                return Tokenizer.FromMetadata(new ModelMetadata("again", BytePairTokenizer.FromTiktoken(tiktoken).ToMetadata()));
            default:
                using (MemoryStream stream = new())
                {
                    ((BytePairTokenizer)Llama3Vocabulary.Tokenizer).WriteTiktoken(stream);
                    Assert.Equal(File.ReadAllBytes(tiktoken), stream.ToArray());
                }
                return BytePairTokenizer.FromTiktoken(tiktoken, Llama3SpecialTokens.Llama31);
        }
    }

    private static int[] Naive(Dictionary<string, int> ranks, string word)
    {
        List<string> parts = [.. Encoding.UTF8.GetBytes(word).Select(value => Convert.ToHexString([value]))];
        if (ranks.TryGetValue(string.Concat(parts), out int whole))
            return [whole];
        while (true)
        {
            int best = -1;
            for (int i = 0; i + 1 < parts.Count; i++)
            {
                if (ranks.TryGetValue(parts[i] + parts[i + 1], out int rank) && (best < 0 || rank < ranks[parts[best] + parts[best + 1]]))
                    best = i;
            }
            if (best < 0)
                return [.. parts.Select(part => ranks[part])];
            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }
    }

    private static void Refuse(string what, params Action<Dictionary<string, object>>[] damages)
    {
        Dictionary<string, object> values = TinyValues();
        foreach (Action<Dictionary<string, object>> damage in damages)
            damage(values);
        CriaException error = Assert.Throws<CriaException>(() => Tokenizer.FromMetadata(new ModelMetadata("tiny.gguf", values)));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Contains("tiny.gguf", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static Tokenizer Tiny() => Tokenizer.FromMetadata(new ModelMetadata("tiny.gguf", TinyValues()));

    private static Dictionary<string, object> TinyValues()
    {
        string[] tokens = [.. Enumerable.Range(0, 256).Select(value => ByteAlphabet.Spell([(byte)value])), "ab", "<|begin_of_text|>", "<|eot_id|>"];
        return new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "gpt2",
            ["tokenizer.ggml.pre"] = "llama-bpe",
            ["tokenizer.ggml.tokens"] = tokens,
            ["tokenizer.ggml.token_type"] = tokens.Select((_, id) => id < 257 ? 1 : 3).ToArray(),
            ["tokenizer.ggml.merges"] = new[] { "a b" },
            ["tokenizer.ggml.bos_token_id"] = 257L,
            ["tokenizer.ggml.eos_token_id"] = 258L,
        };
    }
}
