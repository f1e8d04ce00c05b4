using System.Text;
using Cria.Chat;
using Cria.Corpora;
using Cria.Tensors;
using Cria.Tests.Tokenization;
using Cria.Tokenization;
using Cria.Tokenization.Training;

namespace Cria.Tests.Corpora;

public sealed class CorpusTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-corpus-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("""{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}""")]
    [InlineData("""{"messages": [{"role": "system", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}]}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}""")]
    [InlineData("""{"conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello."}]}""")]
    [InlineData("""{"system": "Be brief.", "conversations": [{"from": "user", "value": "Hi"}, {"from": "assistant", "value": "Hello."}], "id": 7}""")]
    [InlineData("""{"instruction": "Hi", "input": "", "output": "Hello.", "system": "Be brief."}""")]
    public void Every_form_of_conversation_is_the_same_one(string line)
    {
        ConversationDocument read = Assert.IsType<ConversationDocument>(Assert.Single(Read("chat.jsonl", line)));
        Assert.Equal([new ChatTurn("system", "Be brief."), new ChatTurn("user", "Hi"), new ChatTurn("assistant", "Hello.")], read.Turns);
        Assert.Equal(Path.Combine(folder, "chat.jsonl") + ":1", read.Place);
    }

    [Fact]
    public void An_alpaca_input_stands_under_its_instruction()
    {
        ConversationDocument read = Assert.IsType<ConversationDocument>(Assert.Single(Read("a.jsonl", """{"instruction": "Add.", "input": "1 2", "output": "3"}""")));
        Assert.Equal([new ChatTurn("user", "Add.\n\n1 2"), new ChatTurn("assistant", "3")], read.Turns);
    }

    [Theory]
    [InlineData("""{"prompt": "1 + 1 = ", "completion": "2"}""")]
    [InlineData("""{"segments": [{"label": false, "text": "1 + 1 = "}, {"label": true, "text": "2"}]}""")]
    public void A_prompt_and_its_completion_are_a_text_in_segments(string line)
    {
        SegmentedDocument read = Assert.IsType<SegmentedDocument>(Assert.Single(Read("a.jsonl", line)));
        Assert.Equal([new DocumentSegment("1 + 1 = ", false), new DocumentSegment("2", true)], read.Segments);
    }

    [Theory]
    [InlineData("""{"completion": "2"}""", "a.jsonl:1: prompt is missing")]
    [InlineData("""{"prompt": "1 + 1 = ", "completion": ""}""", "a.jsonl:1: nothing in it is to be learnt")]
    [InlineData("""{"segments": [{"label": false, "text": "2"}]}""", "a.jsonl:1: nothing in it is to be learnt")]
    [InlineData("""{"segments": [{"text": "2"}]}""", "a.jsonl:1: segments[0]: label is missing")]
    [InlineData("""{"segments": [{"label": "yes", "text": "2"}]}""", "a.jsonl:1: segments[0]: label is a text instead of true or false")]
    [InlineData("""{"segments": [{"label": true}]}""", "a.jsonl:1: segments[0]: text is missing")]
    [InlineData("""{"segments": []}""", "a.jsonl:1: segments is an empty list")]
    public void Segments_that_teach_nothing_are_refused(string line, string expected) =>
        Assert.Contains(expected, Assert.Throws<CriaException>(() => Read("a.jsonl", line)).Message, StringComparison.Ordinal);

    [Fact]
    public void Tool_calls_keep_their_arguments()
    {
        ConversationDocument read = Assert.IsType<ConversationDocument>(Assert.Single(Read("tools.jsonl",
            """{"tools": [{"type": "function"}], "messages": [{"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{\"x\": 1}"}}]}, {"role": "tool", "tool_call_id": "c1", "content": "2"}]}""")));
        ChatToolCall call = Assert.Single(read.Turns[0].ToolCalls!);
        Assert.Equal(("add", "c1", 1), (call.Name, call.Id, call.Arguments.GetProperty("x").GetInt32()));
        Assert.Equal("c1", read.Turns[1].ToolCallId);
        Assert.Single(read.Tools!);
    }

    [Fact]
    public void Lines_and_an_array_of_the_same_objects_are_the_same_corpus()
    {
        string[] objects = ["""{"text": "one"}""", """{"text": "two\nlines"}""", """{"text": ""}"""];
        string[] expected = ["one", "two\nlines", ""];
        Assert.Equal(expected, Texts(Read("a.jsonl", string.Join("\n", objects))));
        Assert.Equal(expected, Texts(Read("b.jsonl", string.Join("\r\n \r\n", objects) + "\r\n")));
        Assert.Equal(expected, Texts(Read("c.json", $" [{string.Join(",\n", objects)}]\n")));
        Assert.Empty(Read("d.jsonl", "\n\n"));
        Assert.Empty(Read("e.txt", ""));
    }

    [Theory]
    [InlineData("{\"text\": \"a\"}\n\n{\"text\": ", ":3: not JSON")]
    [InlineData("[{\"text\": \"a\"},\n{\"text\" \"b\"}]", ":2: not JSON")]
    [InlineData("[{\"text\": \"a\"}, 7]", ", entry 2: a number instead of an object")]
    [InlineData("{\"words\": 1, \"id\": 2}", ":1: no document has the keys words, id")]
    [InlineData("{\"text\": 3}", ":1: text is a number instead of a text")]
    [InlineData("{\"text\": \"\\ud800\"}", ":1: a text is not valid Unicode")]
    [InlineData("{\"messages\": []}", ":1: messages is an empty list")]
    [InlineData("{\"messages\": [{\"role\": \"user\"}]}", ":1: messages[0]: content is missing")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, 3]}", ":1: messages[1] is a number")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}", "content[0]: a part without text")]
    [InlineData("{\"conversations\": [{\"from\": \"dog\", \"value\": \"a\"}]}", "nobody is called 'dog'")]
    [InlineData("{\"instruction\": \"a\"}", ":1: output is missing")]
    public void A_line_that_is_no_document_is_named(string content, string expected)
    {
        CriaException failure = Assert.Throws<CriaException>(() => Read("bad.jsonl", content));
        Assert.Contains(Path.Combine(folder, "bad.jsonl"), failure.Message, StringComparison.Ordinal);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public void Lines_of_any_bytes_are_read_or_refused_in_one_line()
    {
        Random random = new(3);
        byte[] good = """{"messages": [{"role": "user", "content": "é\n"}, {"role": "assistant", "content": null, "tool_calls": [{"name": "f", "arguments": {}}]}]}"""u8.ToArray();
        string path = Path.Combine(folder, "fuzz.jsonl");
        int refused = 0;
        for (int round = 0; round < 2000; round++)
        {
            byte[] bytes = [.. good];
            for (int change = random.Next(1, 4); change > 0; change--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, bytes);
            try
            {
                _ = Corpus.Open([path]).Read().ToList();
            }
            catch (CriaException failure)
            {
                refused++;
                Assert.DoesNotContain('\n', failure.Message);
            }
        }
        Assert.InRange(refused, 1000, 1999);
    }

    [Fact]
    public void Pieces_of_a_long_text_encode_to_the_tokens_of_the_whole()
    {
        BytePairTokenizer tokenizer = BytePairTrainer.Train([File.ReadAllText(SharedData.PathOf("data/text/tinyshakespeare.txt"))[..100_000]], new BytePairTrainerOptions { VocabularySize = 1000 }, TestContext.Current.CancellationToken);
        Random random = new(4);
        var text = new StringBuilder();
        while (text.Length < 2_500_000) text.Append(RandomText.Next(random, 40)).Append(random.Next(3) == 0 ? "\n" : random.Next(5) == 0 ? " \n\n  " : "");
        string whole = text.ToString();
        TextDocument[] pieces = [.. Read("long.txt", whole).Cast<TextDocument>()];
        Assert.InRange(pieces.Length, 2, 8);
        Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(whole)), string.Concat(pieces.Select(piece => piece.Text)));
        Assert.Equal(tokenizer.Encode(whole), pieces.SelectMany(piece => tokenizer.Encode(piece.Text)));
        Assert.Equal((true, true, 1), (pieces[0].IsFirst, pieces[^1].IsLast, pieces.Count(piece => piece.IsFirst)));
        int line = 1 + string.Concat(pieces.SkipLast(1).Select(piece => piece.Text)).Count(c => c == '\n');
        Assert.EndsWith($"long.txt:{line}", pieces[^1].Place, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_that_is_not_utf8_is_named_with_its_line()
    {
        File.WriteAllBytes(Path.Combine(folder, "latin.txt"), [.. "one\ntwo "u8, 0xE9, .. "\nthree"u8]);
        Assert.Contains("latin.txt:2: not UTF-8", Assert.Throws<CriaException>(() => Corpus.Open([Path.Combine(folder, "latin.txt")]).Read().Count()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_stands_for_its_files_in_order()
    {
        Directory.CreateDirectory(Path.Combine(folder, "b"));
        File.WriteAllText(Path.Combine(folder, "b", "x.txt"), "three");
        File.WriteAllText(Path.Combine(folder, "a.jsonl"), "{\"text\": \"one\"}\n{\"text\": \"two\"}");
        File.WriteAllText(Path.Combine(folder, "c.bin"), "no text");
        Corpus corpus = Corpus.Open([folder]);
        Assert.Equal(["one", "two", "three"], Texts(corpus.Read()));
        Assert.Contains("there is no such file", Assert.Throws<CriaException>(() => Corpus.Open([Path.Combine(folder, "none")])).Message, StringComparison.Ordinal);
        Assert.Contains("has no file ending in", Assert.Throws<CriaException>(() => Corpus.Open([Directory.CreateDirectory(Path.Combine(folder, "empty")).FullName])).Message, StringComparison.Ordinal);
    }

    private List<Document> Read(string name, string content)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, content);
        return [.. Corpus.Open([path]).Read()];
    }

    private static IEnumerable<string> Texts(IEnumerable<Document> documents) => documents.Select(document => Assert.IsType<TextDocument>(document).Text);
}
