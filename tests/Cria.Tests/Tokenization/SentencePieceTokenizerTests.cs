using System.Text;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Tests.Tokenization;

public class SentencePieceTokenizerTests
{
    private static readonly string[] Letters = ["▁", "a", "b", "c", "é", "語", "𝔘"];

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Merges_as_the_definition_says(bool spacesInside, bool withoutSomeLetters)
    {
        Random random = new(7);
        for (int round = 0; round < 60; round++)
        {
            Dictionary<string, object> values = RandomVocabulary(random, spacesInside, withoutSomeLetters);
            Tokenizer tokenizer = Tokenizer.FromMetadata(new ModelMetadata("random.gguf", values));
            for (int i = 0; i < 60; i++)
            {
                string text = string.Concat(Enumerable.Range(0, random.Next(1, i == 0 ? 400 : 30)).Select(_ => random.Next(12) == 0 ? "🦙" : Letters[random.Next(Letters.Length)].Replace('▁', ' ')));
                Assert.Equal(Naive(values, " " + text), tokenizer.Encode(text));
                Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, addBos: true)));
            }
        }
    }

    [Fact]
    public void Special_tokens_come_only_where_asked_for()
    {
        Tokenizer tokenizer = Tokenizer.FromMetadata(new ModelMetadata("small.gguf", Small()));
        Assert.DoesNotContain(tokenizer.Encode("a</s><s><unk>"), tokenizer.IsSpecial);
        int[] ids = tokenizer.Encode("ab</s>ab", addBos: true, parseSpecial: true);
        Assert.Equal(["<s>", " ab", "</s>", " ab"], ids.Select(tokenizer.TokenText));
        Assert.Equal("abab", tokenizer.Decode(ids));
        Assert.Equal([2], tokenizer.StopTokens);
    }

    [Fact]
    public void Text_that_looks_like_a_byte_token_is_text()
    {
        Tokenizer tokenizer = Tokenizer.FromMetadata(new ModelMetadata("small.gguf", Small()));
        Assert.Equal("<0x41>", tokenizer.Decode(tokenizer.Encode("<0x41>")));
        Assert.True(tokenizer.Encode("<0x41>").Length > 2);
        Assert.Equal([0x0A], tokenizer.TokenBytes(3 + 0x0A).ToArray());
    }

    [Fact]
    public void A_literal_mark_is_read_as_a_space()
    {
        Tokenizer tokenizer = Tokenizer.FromMetadata(new ModelMetadata("small.gguf", Small()));
        Assert.Equal(tokenizer.Encode("a ab"), tokenizer.Encode("a▁ab"));
    }

    [Fact]
    public void Settings_come_back_as_written()
    {
        Random random = new(8);
        Dictionary<string, object> values = RandomVocabulary(random, spacesInside: false, withoutSomeLetters: false);
        Tokenizer first = Tokenizer.FromMetadata(new ModelMetadata("first", values));
        Tokenizer second = Tokenizer.FromMetadata(new ModelMetadata("second", first.ToMetadata()));
        foreach (int _ in Enumerable.Range(0, 200))
        {
            string text = RandomText.Next(random, 20);
            Assert.Equal(first.Encode(text), second.Encode(text));
        }
    }

    [Fact]
    public void Reads_a_model_file_as_its_settings_say()
    {
        Random random = new(9);
        Dictionary<string, object> values = RandomVocabulary(random, spacesInside: false, withoutSomeLetters: false);
        Tokenizer expected = Tokenizer.FromMetadata(new ModelMetadata("settings", values));
        string path = Path.GetTempFileName();
        try
        {
            byte[] file = ModelFile(values);
            File.WriteAllBytes(path, file);
            Tokenizer read = Tokenizer.Load(path);
            Assert.Equal((expected.Bos, expected.Eos), (read.Bos, read.Eos));
            foreach (int _ in Enumerable.Range(0, 200))
            {
                string text = RandomText.Next(random, 20);
                Assert.Equal(expected.Encode(text), read.Encode(text));
            }
            for (int round = 0; round < 2000; round++)
            {
                byte[] damaged = file[..random.Next(1, file.Length)];
                damaged[random.Next(Math.Min(damaged.Length, 4000))] ^= (byte)(1 << random.Next(8));
                damaged[0] = 0x0A;
                File.WriteAllBytes(path, damaged);
                try
                {
                    Tokenizer.Load(path).Encode("abc");
                }
                catch (CriaException error)
                {
                    Assert.DoesNotContain('\n', error.Message);
                }
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Damaged_vocabularies_are_refused_in_one_line()
    {
        Refuse("scores is missing", values => values.Remove("tokenizer.ggml.scores"));
        Refuse("token_type is missing", values => values.Remove("tokenizer.ggml.token_type"));
        Refuse("scores for", values => values["tokenizer.ggml.scores"] = new float[3]);
        Refuse("not a number", values => ((float[])values["tokenizer.ggml.scores"])[5] = float.NaN);
        Refuse("stand for a byte", values => ((string[])values["tokenizer.ggml.tokens"])[5] = "<0xZZ>");
        Refuse("same text", values => ((string[])values["tokenizer.ggml.tokens"])[^1] = "a");
        Refuse("neither", values => ((int[])values["tokenizer.ggml.token_type"])[0] = 3, values => ((int[])values["tokenizer.ggml.token_type"])[9] = 5);
    }

    private static void Refuse(string what, params Action<Dictionary<string, object>>[] damages)
    {
        Dictionary<string, object> values = Small();
        foreach (Action<Dictionary<string, object>> damage in damages)
            damage(values);
        CriaException error = Assert.Throws<CriaException>(() => Tokenizer.FromMetadata(new ModelMetadata("small.gguf", values)));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Contains("small.gguf", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static Dictionary<string, object> Small() => Vocabulary([("▁", -5), ("a", -6), ("b", -7), ("ab", -1), ("▁ab", 0), ("<", -8), ("s", -9)]);

    private static Dictionary<string, object> RandomVocabulary(Random random, bool spacesInside, bool withoutSomeLetters)
    {
        Dictionary<string, float> words = new(StringComparer.Ordinal);
        foreach (string letter in Letters)
        {
            if (!withoutSomeLetters || letter is not ("c" or "語"))
                words[letter] = -100;
        }
        for (int i = 0; i < 80; i++)
        {
            string word = string.Concat(Enumerable.Range(0, random.Next(2, 6)).Select(_ => Letters[random.Next(Letters.Length)]));
            if (spacesInside || !word.TrimStart('▁').Contains('▁', StringComparison.Ordinal))
                words[word] = -random.Next(40);
        }
        return Vocabulary([.. words.Select(word => (word.Key, word.Value))]);
    }

    private static Dictionary<string, object> Vocabulary((string Word, float Score)[] words)
    {
        string[] tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), .. words.Select(word => word.Word)];
        return new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.tokens"] = tokens,
            ["tokenizer.ggml.scores"] = tokens.Select((_, id) => id < 259 ? 0f : words[id - 259].Score).ToArray(),
            ["tokenizer.ggml.token_type"] = tokens.Select((_, id) => id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1).ToArray(),
            ["tokenizer.ggml.bos_token_id"] = 1L,
            ["tokenizer.ggml.eos_token_id"] = 2L,
        };
    }

    /// <summary>The definition: while two neighbours are a token together, the pair of highest score merges, the leftmost of equals.</summary>
    private static int[] Naive(Dictionary<string, object> values, string text)
    {
        string[] tokens = (string[])values["tokenizer.ggml.tokens"];
        float[] scores = (float[])values["tokenizer.ggml.scores"];
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 259; id < tokens.Length; id++)
            ids[tokens[id]] = id;
        List<string> parts = [.. text.Replace(' ', '▁').EnumerateRunes().Select(rune => rune.ToString())];
        while (true)
        {
            int best = -1;
            for (int i = 0; i + 1 < parts.Count; i++)
            {
                if (ids.TryGetValue(parts[i] + parts[i + 1], out int id) && (best < 0 || scores[id] > scores[ids[parts[best] + parts[best + 1]]]))
                    best = i;
            }
            if (best < 0)
                break;
            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }
        return [.. parts.SelectMany(part => ids.TryGetValue(part, out int id) ? [id] : Encoding.UTF8.GetBytes(part).Select(value => value + 3))];
    }

    private static byte[] ModelFile(Dictionary<string, object> values)
    {
        string[] tokens = (string[])values["tokenizer.ggml.tokens"];
        using MemoryStream file = new();
        for (int id = 0; id < tokens.Length; id++)
        {
            byte[] word = Encoding.UTF8.GetBytes(tokens[id]);
            byte[] score = BitConverter.GetBytes(((float[])values["tokenizer.ggml.scores"])[id]);
            byte[] piece = [0x0A, (byte)word.Length, .. word, 0x15, .. score, 0x18, (byte)((int[])values["tokenizer.ggml.token_type"])[id]];
            file.Write([0x0A, (byte)piece.Length, .. piece]);
        }
        file.Write([0x12, 2, 0x18, 2]);
        file.Write([0x1A, 4, 0x18, 1, 0x20, 0]);
        return file.ToArray();
    }
}
