using System.Text.Json;
using Cria.Chat;
using Cria.Corpora;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tokenization;
using Cria.Training.Data;
using Cria.Training.Data.Packing;

namespace Cria.Tests.Data.Packing;

public sealed class SequencePackerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-pack-").FullName;
    private readonly ITensorSource source = ModelSource.Open(Path.Combine(AppContext.BaseDirectory, "models", "cria-tiny.gguf"));
    private readonly Tokenizer tokenizer;
    private readonly ChatTemplate template;

    public SequencePackerTests()
    {
        tokenizer = Tokenizer.FromMetadata(source.Metadata);
        template = ChatTemplate.FromMetadata(source.Metadata);
    }

    public void Dispose()
    {
        source.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Texts_stand_one_behind_the_other_and_every_token_is_learnt_once()
    {
        string[] texts = [.. Enumerable.Range(0, 40).Select(i => $"text number {i} says {string.Join(' ', Enumerable.Range(0, i))}")];
        string output = Pack(Lines("texts.jsonl", texts.Select(text => JsonSerializer.Serialize(new { text }))), new PackOptions { Length = 100 }, out PackSummary summary);
        List<int[]> sequences = Read(output);
        Assert.Equal(summary.TextSequences, sequences.Count);
        Assert.All(sequences, sequence => Assert.Equal(101, sequence.Length));
        // Each begins with the last of the one before; put together they are documents with their marks, in some order.
        List<int> stream = [.. sequences[0], .. sequences.Skip(1).SelectMany(sequence => sequence.Skip(1))];
        for (int i = 1; i < sequences.Count; i++) Assert.Equal(sequences[i - 1][^1], sequences[i][0]);
        int end = new ExampleEncoder(tokenizer, template).End!.Value;
        List<string> found = [];
        for (int start = 0; start < stream.Count;)
        {
            int stop = stream.IndexOf(end, start);
            if (stop < 0) break;
            Assert.Equal(tokenizer.Bos, stream[start]);
            found.Add(tokenizer.Decode(stream[(start + 1)..stop].ToArray()));
            start = stop + 1;
        }
        Assert.True(found.Count >= 38);
        Assert.Equal(found.Count, found.Distinct().Count());
        Assert.All(found, text => Assert.Contains(text, texts));
    }

    [Fact]
    public void Long_documents_get_their_share_and_sources_keep_theirs()
    {
        var random = new Random(1);
        string Text(int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => random.Next(100)));
        IEnumerable<string> Documents(string name, int shorts, int longs) =>
            Enumerable.Range(0, shorts + longs).Select(i => JsonSerializer.Serialize(new { text = Text(i < shorts ? 60 : 600), meta = new { redpajama_set_name = name } }));
        string corpus = Lines("mixed.jsonl", [.. Documents("books", 200, 40), .. Documents("web", 400, 10)]);
        Pack(corpus, new PackOptions { Length = 512, LongFrom = 500, LongShare = 0.7 }, out PackSummary summary);
        Assert.Equal(["books", "web"], summary.Sources.Select(share => share.Name).Order());
        long before = summary.Sources.Sum(share => share.Tokens), after = summary.Sources.Sum(share => share.WrittenTokens);
        foreach (PackedShare share in summary.Sources)
        {
            Assert.InRange((double)share.WrittenLongTokens / share.WrittenTokens, 0.62, 0.78);
            Assert.Equal((double)share.Tokens / before, (double)share.WrittenTokens / after, 0.04);
        }
    }

    [Fact]
    public void Conversations_are_packed_apart_and_whole()
    {
        string chats = Lines("chats.jsonl", Enumerable.Range(0, 30).Select(i => JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = $"what is {i}?" }, new { role = "assistant", content = $"{i} is a number" } } })));
        string texts = Lines("some.jsonl", Enumerable.Range(0, 50).Select(i => JsonSerializer.Serialize(new { text = $"a text with the number {i} in it" })));
        string output = Path.Combine(folder, "both.jsonl");
        PackSummary summary = SequencePacker.Write(Corpus.Open([chats, texts]), tokenizer, template, output, new PackOptions { Length = 120 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(30, summary.Conversations);
        ExampleStore store = ExampleLoader.Load(Corpus.Open([output]), tokenizer, template, new ExampleOptions { RowLength = 120 }, cancellationToken: TestContext.Current.CancellationToken);
        ExampleStore apart = ExampleLoader.Load(Corpus.Open([chats]), tokenizer, template, new ExampleOptions { RowLength = 120 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(summary.TextSequences + summary.ChatSequences, store.Count);
        // What a conversation's answer is to teach stays marked, and nothing of a text is left out.
        int tokens = 0, learnt = 0;
        for (int i = 0; i < store.Count; i++)
        {
            TrainingExample example = store[i];
            if (example.InLoss is null)
            {
                Assert.Equal(121, example.Tokens.Length);
                continue;
            }
            tokens += example.Tokens.Length;
            learnt += example.InLoss.Count(isLearnt => isLearnt);
        }
        Assert.Equal(apart.TokenCount, tokens);
        Assert.Equal(apart.LearntCount, learnt);
    }

    [Fact]
    public void The_same_seed_gives_the_same_file_and_nothing_is_left_beside_it()
    {
        string corpus = Lines("seeded.jsonl", Enumerable.Range(0, 60).Select(i => JsonSerializer.Serialize(new { text = $"{i} and {i * i}" })));
        string first = File.ReadAllText(Pack(corpus, new PackOptions { Length = 50, Seed = 5 }, out _)), second = File.ReadAllText(Pack(corpus, new PackOptions { Length = 50, Seed = 5 }, out _));
        Assert.Equal(first, second);
        Assert.NotEqual(first, File.ReadAllText(Pack(corpus, new PackOptions { Length = 50, Seed = 6 }, out _)));
        Assert.Equal(["packed.jsonl", "seeded.jsonl"], Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void What_cannot_be_packed_is_told()
    {
        string little = Lines("little.jsonl", ["""{"text": "one two three"}"""]), chat = Lines("chat.jsonl", [JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = string.Join(' ', Enumerable.Range(0, 200)) }, new { role = "assistant", content = "yes" } } })]);
        Assert.Contains("do not fill one sequence of 1000", Assert.Throws<CriaException>(() => Pack(little, new PackOptions { Length = 1000 }, out _)).Message, StringComparison.Ordinal);
        Assert.Contains("chat.jsonl:1", Assert.Throws<CriaException>(() => Pack(chat, new PackOptions { Length = 50 }, out _)).Message, StringComparison.Ordinal);
        string foreign = Lines("foreign.jsonl", ["""{"tokens": [1, 2, 999999]}"""]);
        Assert.Contains("token 999999 is outside the vocabulary", Assert.Throws<CriaException>(() => ExampleLoader.Load(Corpus.Open([foreign]), tokenizer, template, new ExampleOptions { RowLength = 50 }, cancellationToken: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    private string Lines(string name, IEnumerable<string> lines)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllLines(path, lines);
        return path;
    }

    private string Pack(string corpus, PackOptions options, out PackSummary summary)
    {
        string output = Path.Combine(folder, "packed.jsonl");
        summary = SequencePacker.Write(Corpus.Open([corpus]), tokenizer, template, output, options, cancellationToken: TestContext.Current.CancellationToken);
        return output;
    }

    private static List<int[]> Read(string path) => [.. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32()).ToArray())];
}
