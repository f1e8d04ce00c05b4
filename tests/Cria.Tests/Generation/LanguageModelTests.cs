using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Cria.Chat;
using Cria.Generation;
using Cria.Models;
using Cria.Tensors;

namespace Cria.Tests.Generation;

[Collection(nameof(ModelRuns))]
public class LanguageModelTests
{
    private static readonly GenerationOptions Short = new() { Temperature = 1, Seed = 5, MinTokens = 50, MaxTokens = 50 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pieces_make_up_the_answer_and_the_last_says_how_it_ended()
    {
        using LanguageModel model = Load();
        Answer answer = model.Chat("Who are you?", Short, Cancellation);
        Assert.Equal(50, answer.Usage.GeneratedTokens);
        Assert.Equal(FinishReason.Length, answer.FinishReason);
        Assert.Equal(model.Detokenize([.. answer.Tokens.Select(token => token.Token)]), answer.Text);
        Assert.Equal(answer.Text, (string)answer);
        var text = new StringBuilder();
        TextPiece last = default;
        await foreach (TextPiece piece in model.ChatAsync([new ChatTurn("user", "Who are you?")], Short, cancellationToken: Cancellation))
        {
            Assert.Null(last.FinishReason);
            Assert.Equal(piece.Text, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(piece.Text)));
            text.Append(piece);
            last = piece;
        }
        Assert.Equal(answer.Text, text.ToString());
        Assert.Equal((null, FinishReason.Length, 50), (last.Token, last.FinishReason!.Value, last.Usage!.GeneratedTokens));
        int[] prompt = model.ToPrompt([new ChatTurn("user", "Who are you?")]);
        Assert.Equal(prompt.Length, last.Usage.PromptTokens);
        Assert.Equal(answer.Text, model.Generate(prompt, Short, Cancellation).Text);
    }

    [Fact]
    public void A_stop_string_ends_the_answer_also_across_tokens()
    {
        using LanguageModel model = Load();
        GenerationOptions unstopped = Short with { MinTokens = null, StopTokens = [] };
        string free = model.Generate("Once upon a time", unstopped, Cancellation);
        for (int start = 3; start + 6 < free.Length; start += 5)
        {
            string stop = free.Substring(start, 6);
            Answer answer = model.Generate("Once upon a time", unstopped with { Stop = ["never to be seen", stop] }, Cancellation);
            Assert.Equal((FinishReason.Stop, stop), (answer.FinishReason, answer.StopText));
            Assert.Equal(free[..free.IndexOf(stop, StringComparison.Ordinal)], answer.Text);
        }
        // Not before the minimum of tokens.
        Assert.Equal(free, model.Generate("Once upon a time", unstopped with { MinTokens = 50, Stop = [free[2..5]] }, Cancellation).Text);
    }

    [Fact]
    public async Task Concurrent_callers_get_what_they_would_get_alone()
    {
        using LanguageModel model = Load();
        string[] prompts = [.. Enumerable.Range(0, 12).Select(i => $"Story number {i}, which begins as all stories of this kind do")];
        string[] alone = [.. prompts.Select((prompt, i) => model.Generate(prompt, Short with { Seed = (ulong)i }, Cancellation).Text)];
        using LanguageModel fresh = Load();
        Answer[] together = await Task.WhenAll(prompts.Select((prompt, i) => Task.Run(() => fresh.Generate(prompt, Short with { Seed = (ulong)i }, Cancellation), Cancellation)));
        Assert.Equal(alone, together.Select(answer => answer.Text));
    }

    [Fact]
    public async Task A_chat_remembers_and_does_not_compute_again_what_it_has_read()
    {
        using LanguageModel model = Load();
        ChatSession chat = model.StartChat("You are a pirate. " + string.Concat(Enumerable.Repeat("Be kind to parrots. ", 40)));
        chat.Options = Short;
        Answer first = chat.Ask("Where is the treasure?", cancellationToken: Cancellation);
        Assert.Equal(0, first.Usage.CachedTokens);
        var second = new StringBuilder();
        GenerationUsage? usage = null;
        await foreach (TextPiece piece in chat.AskAsync("And the map?", cancellationToken: Cancellation))
        {
            second.Append(piece.Text);
            usage = piece.Usage;
        }
        Assert.True(usage!.CachedTokens >= first.Usage.PromptTokens / 64 * 64);
        Assert.Equal(["system", "user", "assistant", "user", "assistant"], chat.Turns.Select(turn => turn.Role));
        Assert.Equal(second.ToString(), chat.Turns[^1].Content);
        using LanguageModel fresh = Load();
        Assert.Equal(second.ToString(), fresh.Chat([.. chat.Turns.SkipLast(1)], Short, cancellationToken: Cancellation).Text);
        // Stopped while reading: what was read stays; refused before anything came: nothing does.
        await foreach (TextPiece piece in chat.AskAsync("Go on", cancellationToken: Cancellation))
        {
            if (piece.Text.Length > 0) break;
        }
        Assert.Equal(7, chat.Turns.Count);
        Assert.Throws<PromptTooLongException>(() => chat.Ask(new string('x', 20_000), cancellationToken: Cancellation));
        Assert.Equal(7, chat.Turns.Count);
    }

    [Fact]
    public async Task Cancellation_reaches_the_caller_and_the_engine()
    {
        using LanguageModel model = Load();
        using var source = new CancellationTokenSource();
        int pieces = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (TextPiece _ in model.GenerateAsync("To infinity", Short with { MinTokens = 1900, MaxTokens = 1900 }, source.Token))
            {
                if (++pieces == 3) await source.CancelAsync();
            }
        });
        Assert.Equal(3, pieces);
        TextStream stream = model.GenerateAsync("To infinity", Short with { MinTokens = 1900, MaxTokens = 1900 }, Cancellation);
        stream.Cancel();
        Answer stopped = await stream.ToAnswerAsync(Cancellation);
        Assert.Equal(FinishReason.Cancelled, stopped.FinishReason);
        Assert.True(stopped.Usage.GeneratedTokens < 1900);
    }

    [Fact]
    public void A_seed_that_was_drawn_gives_the_answer_again()
    {
        using LanguageModel model = Load();
        Answer answer = model.Generate("Dice", Short with { Seed = null }, Cancellation);
        Assert.Equal(answer.Text, model.Generate("Dice", Short with { Seed = answer.Seed }, Cancellation).Text);
    }

    [Fact]
    public void Evaluated_logits_are_those_of_the_reference_and_give_the_log_probabilities()
    {
        using LanguageModel model = Load("F32");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("goldens/nano/expected.json")));
        int[] prompt = [.. golden.RootElement.GetProperty("prompt").EnumerateArray().Select(id => id.GetInt32())];
        float[] expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(SharedData.PathOf("goldens/nano/logits/F32.f32"))).ToArray();
        float[][] logits = model.Evaluate(prompt, Cancellation);
        // Keys and values are kept in 16 bits here.
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], logits[i / 2304][i % 2304], 1e-2f);
        Answer answer = model.Generate(prompt, new() { Temperature = 0, MaxTokens = 3, LogProbabilities = 4 }, Cancellation);
        float[] row = logits[^1];
        double logSum = Math.Log(row.Sum(logit => Math.Exp(logit)));
        Assert.Equal(row.Max() - logSum, answer.Tokens[0].LogProbability!.Value, 1e-4);
        Assert.Equal(row.Order().TakeLast(4).Reverse().Select(logit => (float)(logit - logSum)), answer.Tokens[0].Alternatives.Select(entry => entry.LogProbability), (a, b) => Math.Abs(a - b) < 1e-4);
        Assert.Equal(answer.Tokens[0].Token, answer.Tokens[0].Alternatives[0].Token);
    }

    [Fact]
    public void Load_options_are_honoured()
    {
        var progress = new List<double>();
        string path = NanoGoldens.GgufPath("Q8_0");
        using LanguageModel model = LanguageModel.Load(path, new() { Threads = 1, ContextLength = 200, RopeTheta = 20000, RopeScaling = new RopeScaling(RopeRule.Linear, 2), KvType = TensorType.F32, Progress = new Reports(progress) });
        Assert.Equal((200, 20000.0, RopeRule.Linear), (model.ContextLength, model.Config.RopeTheta, model.Config.RopeScaling.Rule));
        Assert.Equal(1, progress[^1], 1e-9);
        using LanguageModel plain = Load();
        Assert.NotEqual(plain.Evaluate(new int[] { 5, 6, 7 }, Cancellation)[2], model.Evaluate(new int[] { 5, 6, 7 }, Cancellation)[2]);
        var tooLong = Assert.Throws<PromptTooLongException>(() => model.Generate(string.Concat(Enumerable.Repeat("a b c ", 200)), cancellationToken: Cancellation));
        Assert.Equal(200, tooLong.ContextLength);
        Assert.Throws<CriaException>(() => LanguageModel.Load(path, new() { ContextLength = 0 }));
        Assert.Throws<CriaException>(() => LanguageModel.Load(path, new() { Threads = -1 }));
        Assert.Throws<CriaException>(() => LanguageModel.Load(path, new() { KvType = TensorType.Q6_K }));
        Assert.Throws<CriaException>(() => LanguageModel.Load(path + ".missing"));
        Assert.Throws<CriaException>(() => model.Generate("a", new() { TopP = 2 }, Cancellation));
    }

    [Fact]
    public void A_context_of_four_million_tokens_costs_nothing_until_it_is_used()
    {
        string path = NanoGoldens.GgufPath("Q8_0");
        using LanguageModel small = LanguageModel.Load(path, new() { Threads = 1, ContextLength = 512 });
        using LanguageModel large = LanguageModel.Load(path, new() { Threads = 1, ContextLength = 4_194_304 });
        Assert.Equal(4_194_304, large.ContextLength);
        Assert.Equal(0, large.Engine.Statistics.CacheBytes);
        Assert.Equal(small.Generate("a b c", new() { Temperature = 0, MaxTokens = 5 }, Cancellation).Text, large.Generate("a b c", new() { Temperature = 0, MaxTokens = 5 }, Cancellation).Text);
        Assert.Equal(small.Engine.Statistics.CacheBytes, large.Engine.Statistics.CacheBytes);
    }

    [Fact]
    public void Defaults_are_the_models_own_else_those_of_Llama_3()
    {
        using LanguageModel model = Load();
        Assert.Equal((0.6f, 0.9f), (model.Defaults.Temperature!.Value, model.Defaults.TopP!.Value));
        var metadata = new Tensors.Formats.ModelMetadata("m", [new("general.sampling.temp", 0.3), new("general.sampling.top_k", 20L), new("general.sampling.penalty_last_n", -1L)]);
        SamplingOptions own = SamplingOptions.From(metadata).OrElse(SamplingOptions.Llama3);
        Assert.Equal((0.3f, 20, 0.9f, 0), (own.Temperature!.Value, own.TopK!.Value, own.TopP!.Value, own.RepetitionWindow!.Value));
    }

    private static LanguageModel Load(string type = "Q8_0") => LanguageModel.Load(NanoGoldens.GgufPath(type));

    private sealed class Reports(List<double> values) : IProgress<double>
    {
        public void Report(double value) => values.Add(value);
    }
}
