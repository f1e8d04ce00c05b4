using Cria.Chat;
using Cria.Corpora;
using Cria.Tensors;
using Cria.Tests;
using Cria.Tokenization;
using Cria.Tokenization.Training;
using Cria.Training.Data;

namespace Cria.Training.Tests.Data;

public sealed class ExampleLoaderTests : IDisposable
{
    private const string Conversation =
        """{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who, me <|eot_id|>?"}, {"role": "assistant", "content": "You."}, {"role": "user", "content": "And now?"}, {"role": "assistant", "content": "Still you, 1 2 3."}]}""";

    private static readonly BytePairTokenizer Tokenizer = BytePairTrainer.Train(
        ["You said: who, me? And now still you. Be brief. system user assistant \n\n"], new BytePairTrainerOptions { VocabularySize = 400, MinimumCount = 1, SpecialTokens = Llama3SpecialTokens.Essential });

    private readonly string folder = Directory.CreateTempSubdirectory("cria-data-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_loss_is_on_the_assistants_words_and_the_end_of_its_turn()
    {
        TrainingExample example = Load(Conversation)[0];
        Assert.Equal(["You.<|eot_id|>", "Still you, 1 2 3.<|eot_id|>"], Learnt(example));
        Assert.Equal(Tokenizer.Bos, example.Tokens[0]);
        Assert.Equal(5, example.Tokens.Count(token => token == Tokenizer.EndOfTurn));
        string text = Tokenizer.Decode(example.Tokens, skipSpecial: false);
        Assert.Equal("<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWho, me <|eot_id|>?<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\nYou.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nAnd now?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nStill you, 1 2 3.<|eot_id|>", text);
    }

    [Fact]
    public void What_stands_before_an_answer_are_the_tokens_of_the_prompt_that_asks_for_it()
    {
        TrainingExample example = Load(Conversation)[0];
        int[] prompt = ChatTemplate.Llama3.Render([new ChatTurn("system", "Be brief."), new ChatTurn("user", "Who, me <|eot_id|>?")]).Encode(Tokenizer);
        Assert.Equal(prompt, example.Tokens[..prompt.Length]);
        Assert.Equal(prompt.Length, Array.IndexOf(example.InLoss!, true));
    }

    [Theory]
    [InlineData("meta-llama-Llama-3.1-8B-Instruct.jinja")]
    [InlineData("meta-llama-Llama-3.2-3B-Instruct.jinja")]
    public void A_template_without_marks_shows_where_the_assistant_speaks(string name)
    {
        var template = ChatTemplate.Parse(File.ReadAllText(SharedData.PathOf($"goldens/text/templates/{name}")));
        TrainingExample example = Load(Conversation, template: template)[0];
        Assert.Equal(["You.<|eot_id|>", "Still you, 1 2 3.<|eot_id|>"], Learnt(example));
        Assert.Contains("26 Jul 2024", Tokenizer.Decode(example.Tokens), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_hides_earlier_answers_is_refused()
    {
        var template = ChatTemplate.Parse("{% for m in messages[-1:] %}{{ m.role + ': ' + m.content }}{% endfor %}{{ 'assistant: ' if add_generation_prompt }}");
        Assert.Contains("chat.jsonl:1: the chat template rewrites", Assert.Throws<CriaException>(() => Load(Conversation, template: template)).Message, StringComparison.Ordinal);
        Assert.Null(Load(Conversation, new ExampleOptions { RowLength = 256, TrainOnInputs = true }, template)[0].InLoss);
    }

    [Fact]
    public void Training_on_inputs_learns_every_token()
    {
        TrainingExample whole = Load(Conversation, new ExampleOptions { RowLength = 256, TrainOnInputs = true })[0];
        Assert.Null(whole.InLoss);
        Assert.Equal(Load(Conversation)[0].Tokens, whole.Tokens);
    }

    [Fact]
    public void Of_a_text_in_segments_those_are_learnt_that_say_so()
    {
        const string Line = """{"segments": [{"label": false, "text": "Who, me <|eot_id|>? "}, {"label": true, "text": "You"}, {"label": false, "text": " and now? "}, {"label": true, "text": "Still you"}]}""";
        TrainingExample example = Load(Line)[0];
        Assert.Equal(["You", "Still you<|end_of_text|>"], Learnt(example));
        Assert.Equal([Tokenizer.Bos!.Value, .. Tokenizer.Encode("Who, me <|eot_id|>? "), .. Tokenizer.Encode("You"), .. Tokenizer.Encode(" and now? "), .. Tokenizer.Encode("Still you"), Tokenizer.FindSpecial("<|end_of_text|>")!.Value], example.Tokens);
        Assert.Null(Load(Line, new ExampleOptions { RowLength = 256, TrainOnInputs = true })[0].InLoss);
        Assert.DoesNotContain("<|end_of_text|>", Learnt(Load("""{"segments": [{"label": true, "text": "You"}, {"label": false, "text": " me"}]}""")[0])[0], StringComparison.Ordinal);
        Assert.Contains("chat.jsonl:1: the text in segments has", Assert.Throws<CriaException>(() => Load(Line, new ExampleOptions { RowLength = 8 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_longer_than_a_row_is_cut_and_every_token_learnt_once()
    {
        string text = File.ReadAllText(SharedData.PathOf("data/text/tinyshakespeare.txt"));
        ExampleStore store = Load(text, new ExampleOptions { RowLength = 100 }, name: "play.txt");
        List<int> joined = [.. store[0].Tokens];
        for (int i = 1; i < store.Count; i++)
        {
            Assert.Equal(joined[^1], store[i].Tokens[0]);
            joined.AddRange(store[i].Tokens[1..]);
        }
        Assert.Equal([Tokenizer.Bos!.Value, .. Tokenizer.Encode(text), Tokenizer.FindSpecial("<|end_of_text|>")!.Value], joined);
        Assert.All(Enumerable.Range(0, store.Count - 1), i => Assert.Equal(101, store.Length(i)));
        Assert.Equal(joined.Count - 1, store.LearntCount);
    }

    [Fact]
    public void Order_and_content_do_not_depend_on_the_number_of_cores()
    {
        string lines = string.Join('\n', Enumerable.Range(0, 9000).Select(i => i % 3 == 0 ? Conversation.Replace("1 2 3", $"number {i}", StringComparison.Ordinal) : $$"""{"text": "now {{i}}"}"""));
        ExampleStore store = Load(lines);
        Assert.Equal(9000, store.Count);
        for (int i = 0; i < store.Count; i += 37)
            Assert.Contains(i % 3 == 0 ? $"number {i}." : $"now {i}", Tokenizer.Decode(store[i].Tokens), StringComparison.Ordinal);
    }

    [Fact]
    public void A_conversation_longer_than_a_row_is_named_or_left_out()
    {
        string lines = $"{{\"text\": \"short\"}}\n{Conversation}";
        Assert.Matches(@"chat\.jsonl:2: the conversation has \d+ tokens, but a row only 30", Assert.Throws<CriaException>(() => Load(lines, new ExampleOptions { RowLength = 30 })).Message);
        ExampleStore store = Load(lines, new ExampleOptions { RowLength = 30, SkipTooLong = true });
        Assert.Equal((1, 1), (store.Count, store.SkippedCount));
        int exact = Load(Conversation)[0].Tokens.Length - 1;
        Assert.Equal(1, Load(Conversation, new ExampleOptions { RowLength = exact }).Count);
        Assert.Throws<CriaException>(() => Load(Conversation, new ExampleOptions { RowLength = exact - 1 }));
    }

    [Theory]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello?"}]}""", "chat.jsonl:1: the assistant says nothing")]
    [InlineData("""{"text": ""}""", "there is nothing to learn from")]
    [InlineData("", "there is nothing to learn from")]
    [InlineData("{\"text\": \"a\"}\n{\"text\": 1}", "chat.jsonl:2: text is a number")]
    public void A_corpus_that_teaches_nothing_is_refused(string lines, string expected) =>
        Assert.Contains(expected, Assert.Throws<CriaException>(() => Load(lines)).Message, StringComparison.Ordinal);

    private static List<string> Learnt(TrainingExample example)
    {
        List<List<int>> runs = [];
        for (int i = 0; i < example.Tokens.Length; i++)
        {
            if (!example.InLoss![i]) continue;
            if (!example.InLoss[i - 1]) runs.Add([]);
            runs[^1].Add(example.Tokens[i]);
        }
        return [.. runs.Select(run => Tokenizer.Decode(run, skipSpecial: false))];
    }

    private ExampleStore Load(string content, ExampleOptions? options = null, ChatTemplate? template = null, string name = "chat.jsonl")
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, content);
        return ExampleLoader.Load(Corpus.Open([path]), Tokenizer, template ?? ChatTemplate.Llama3, options ?? new ExampleOptions { RowLength = 256 }, cancellationToken: TestContext.Current.CancellationToken);
    }
}
