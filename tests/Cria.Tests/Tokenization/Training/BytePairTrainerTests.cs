using System.Text;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tokenization;
using Cria.Tokenization.Training;

namespace Cria.Tests.Tokenization.Training;

public class BytePairTrainerTests
{
    private static readonly string[] Specials = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"];

    [Fact]
    public void Learns_what_counting_everything_anew_would_learn()
    {
        Random random = new(1);
        for (int round = 0; round < 40; round++)
        {
            string letters = round % 3 == 0 ? "a" : round % 3 == 1 ? "ab" : "abcé 1\n'";
            string[] corpus = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => RandomWords(random, letters))];
            int size = 256 + Specials.Length + random.Next(1, 60);
            int minimum = random.Next(1, 4);
            BytePairTokenizer learned = Train(corpus, new BytePairTrainerOptions { VocabularySize = size, SpecialTokens = Specials, MinimumCount = minimum });
            string[] expected = Naive(corpus, size - Specials.Length, minimum);
            Assert.Equal(expected, Enumerable.Range(0, learned.VocabularySize - Specials.Length).Select(id => Convert.ToHexString(learned.TokenBytes(id))));
        }
    }

    [Fact]
    public void Learns_the_same_from_real_text()
    {
        string text = File.ReadAllText(SharedData.PathOf("data/text/tinyshakespeare.txt"))[..60_000];
        BytePairTokenizer learned = Train([text], new BytePairTrainerOptions { VocabularySize = 400 + 256 });
        string[] expected = Naive([text], 400, 2);
        Assert.Equal(expected, Enumerable.Range(0, 400).Select(id => Convert.ToHexString(learned.TokenBytes(id))));
    }

    [Fact]
    public void The_vocabulary_survives_both_forms()
    {
        string text = File.ReadAllText(SharedData.PathOf("data/text/tinyshakespeare.txt"));
        BytePairTokenizer learned = Train([text], new BytePairTrainerOptions { VocabularySize = 2048 + 256 });
        Assert.Equal(2304, learned.VocabularySize);
        Assert.Equal(2048 + 9, learned.EndOfTurn);
        Assert.Equal(2048, learned.Bos);
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream file = File.Create(path))
                learned.WriteTiktoken(file);
            Tokenizer tiktoken = Tokenizer.Load(path);
            Tokenizer gguf = Tokenizer.FromMetadata(new ModelMetadata("learned.gguf", learned.ToMetadata()));
            Random random = new(2);
            foreach (string sample in Enumerable.Range(0, 300).Select(_ => RandomText.Next(random, 30)).Append(text))
            {
                int[] ids = learned.Encode(sample);
                Assert.Equal(ids, tiktoken.Encode(sample));
                Assert.Equal(ids, gguf.Encode(sample));
                Assert.Equal(sample, learned.Decode(ids));
            }
            Assert.True(learned.Encode(text).Length < text.Length / 2.5);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_long_run_of_letters_is_learned_from_in_parts()
    {
        BytePairTokenizer learned = Train([string.Concat(Enumerable.Repeat("éa", 100_000))], new BytePairTrainerOptions { VocabularySize = 300, SpecialTokens = Specials });
        Assert.Contains("éa", Enumerable.Range(0, learned.VocabularySize).Select(learned.TokenText));
    }

    [Fact]
    public void Bad_requests_are_refused_in_one_line()
    {
        Assert.Contains("empty", Assert.Throws<CriaException>(() => Train([""], new BytePairTrainerOptions { VocabularySize = 1000 })).Message, StringComparison.Ordinal);
        Assert.Contains("512", Assert.Throws<CriaException>(() => Train(["a"], new BytePairTrainerOptions { VocabularySize = 300 })).Message, StringComparison.Ordinal);
        Assert.Contains("differ", Assert.Throws<CriaException>(() => Train(["a"], new BytePairTrainerOptions { VocabularySize = 300, SpecialTokens = ["a", "a"] })).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<OperationCanceledException>(() => BytePairTrainer.Train(["a"], new BytePairTrainerOptions { VocabularySize = 1000 }, new CancellationToken(canceled: true)));
    }

    private static BytePairTokenizer Train(IEnumerable<string> corpus, BytePairTrainerOptions options) =>
        BytePairTrainer.Train(corpus, options, TestContext.Current.CancellationToken);

    private static string RandomWords(Random random, string letters) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 200)).Select(_ => letters[random.Next(letters.Length)]));

    /// <summary>The definition: count every pair in every word, merge the most frequent, and count again. Tokens as hexadecimal bytes.</summary>
    private static string[] Naive(string[] corpus, int wanted, int minimum)
    {
        List<string> tokens = [.. Enumerable.Range(0, 256).OrderBy(value => ByteAlphabet.Spell([(byte)value])[0]).Select(value => $"{value:X2}")];
        Dictionary<string, int> words = [];
        foreach (byte[] utf8 in corpus.Select(Encoding.UTF8.GetBytes))
        {
            for (int start = 0; start < utf8.Length;)
            {
                int end = Llama3Splitter.End(utf8, start);
                string word = Convert.ToHexString(utf8, start, end - start);
                words[word] = words.GetValueOrDefault(word) + 1;
                start = end;
            }
        }
        List<(List<int> Symbols, int Times)> lines = [.. words.Select(word => (Enumerable.Range(0, word.Key.Length / 2).Select(i => tokens.IndexOf(word.Key.Substring(2 * i, 2))).ToList(), word.Value))];
        while (tokens.Count < wanted)
        {
            Dictionary<(int Left, int Right), long> counts = [];
            foreach ((List<int> symbols, int times) in lines)
            {
                for (int i = 0; i + 1 < symbols.Count; i++)
                    counts[(symbols[i], symbols[i + 1])] = counts.GetValueOrDefault((symbols[i], symbols[i + 1])) + times;
            }
            if (counts.Count == 0)
                break;
            ((int left, int right), long best) = counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key).First();
            if (best < minimum)
                break;
            int merged = tokens.IndexOf(tokens[left] + tokens[right]);
            if (merged < 0)
            {
                merged = tokens.Count;
                tokens.Add(tokens[left] + tokens[right]);
            }
            foreach ((List<int> symbols, _) in lines)
            {
                for (int i = 0; i + 1 < symbols.Count; i++)
                {
                    if (symbols[i] == left && symbols[i + 1] == right)
                    {
                        symbols[i] = merged;
                        symbols.RemoveAt(i + 1);
                    }
                }
            }
        }
        return [.. tokens];
    }
}
