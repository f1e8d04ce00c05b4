using Cria.Generation;
using Cria.Tensors;

namespace Cria.Tests.Generation;

public class EngineTests
{
    private static readonly int[] Stops = [96];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(512, 128)]
    public async Task Chunks_do_not_change_the_answer(int chunk, int chunkWhileAnswering)
    {
        var network = new RecallNetwork();
        using var engine = new Engine(network, Options() with { PromptChunk = chunk, PromptChunkWhileAnswering = chunkWhileAnswering });
        int[] prompt = Prompt(1, 300);
        Assert.Equal(RecallNetwork.Answer(prompt, Seeded(5), Stops), await Collect(engine.Submit(Request(prompt, Seeded(5)))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Answers_depend_on_prompt_and_seed_alone_whatever_else_runs(int seed)
    {
        var random = new Random(seed);
        // A third of the requests are there before the first step: on a busy machine each could else be over before the next one comes.
        using var begun = new ManualResetEventSlim();
        var network = new RecallNetwork { BeforeStep = _ => begun.Wait() };
        // Little room: sequences are pushed out and prefixes forgotten all the time.
        var options = Options() with { ContextLength = 512, CacheTokens = seed % 2 == 0 ? 512 : 640, MaxSequences = 5, PromptChunk = 100, PromptChunkWhileAnswering = 30 };
        using var engine = new Engine(network, options);
        int[][] stems = [Prompt(1, 200), Prompt(2, 70), Prompt(3, 5)];
        var checks = new List<Task>();
        for (int i = 0; i < 120; i++)
        {
            int[] stem = stems[random.Next(stems.Length)];
            int[] prompt = [.. stem.AsSpan(0, random.Next(1, stem.Length + 1)), .. Prompt(random.Next(4), random.Next(1, 90))];
            SamplingOptions sampling = Seeded((ulong)i) with { MaxTokens = random.Next(1, 150), Temperature = random.Next(3) == 0 ? 0 : 1 };
            int samples = random.Next(4) == 0 ? 3 : 1;
            IReadOnlyList<TokenStream> answers = engine.Submit(Request(prompt, sampling) with { Priority = random.Next(3) }, samples);
            foreach (TokenStream answer in answers)
            {
                bool leave = random.Next(6) == 0;
                checks.Add(Task.Run(async () =>
                {
                    int[] expected = RecallNetwork.Answer(prompt, sampling, Stops, answer.Sample, 512);
                    if (!leave)
                    {
                        Assert.Equal(expected, await Collect(answer));
                        return;
                    }
                    int count = 0;
                    await foreach (GeneratedToken token in answer)
                    {
                        Assert.Equal(expected[count++], token.Token);
                        if (count == 10) break;
                    }
                }, TestContext.Current.CancellationToken));
            }
            if (i == 40) begun.Set();
            if (random.Next(8) == 0) await Task.Delay(1, TestContext.Current.CancellationToken);
        }
        await Task.WhenAll(checks);
        await engine.DrainAsync();
        EngineStatistics statistics = engine.Statistics;
        Assert.True(statistics.Preemptions > 0, "nothing was pushed out, so the test shows less than it should");
        Assert.Equal((0, 0), (statistics.Running, statistics.Waiting));
        // What is still in use is only what is known and may be forgotten.
        Assert.Equal(statistics.IdlePages, statistics.UsedPages);
    }

    [Fact]
    public async Task An_equal_beginning_is_computed_once_also_after_an_edit()
    {
        var network = new RecallNetwork();
        using var engine = new Engine(network, Options());
        int[] prompt = Prompt(1, 1000);
        SamplingOptions sixty = Seeded(1) with { MinTokens = 60 };
        int[] first = await Collect(engine.Submit(Request(prompt, sixty)));
        long before = network.TokensComputed;
        TokenStream again = engine.Submit(Request(prompt, sixty));
        Assert.Equal(first, await Collect(again));
        Assert.Equal(999, again.Usage.CachedTokens);
        Assert.Equal(first.Length, network.TokensComputed - before);
        // The next turn repeats the answer; the edited one has another ending.
        int[] next = [.. prompt, .. first, .. Prompt(7, 20)];
        TokenStream turn = engine.Submit(Request(next, Seeded(2)));
        Assert.Equal(RecallNetwork.Answer(next, Seeded(2), Stops), await Collect(turn));
        Assert.Equal(1000 + first.Length - 1, turn.Usage.CachedTokens);
        int[] edited = [.. prompt.AsSpan(0, 700), .. Prompt(9, 300)];
        TokenStream edit = engine.Submit(Request(edited, Seeded(3)));
        Assert.Equal(RecallNetwork.Answer(edited, Seeded(3), Stops), await Collect(edit));
        Assert.Equal(700 + edited.AsSpan(700).CommonPrefixLength(prompt.AsSpan(700)), edit.Usage.CachedTokens);
    }

    [Fact]
    public async Task Samples_share_the_prompt()
    {
        var network = new RecallNetwork();
        using var engine = new Engine(network, Options());
        int[] prompt = Prompt(4, 333);
        IReadOnlyList<TokenStream> answers = engine.Submit(Request(prompt, Seeded(8) with { MaxTokens = 12, MinTokens = 12 }), 6);
        int[][] texts = await Task.WhenAll(answers.Select(Collect));
        for (int i = 0; i < 6; i++) Assert.Equal(RecallNetwork.Answer(prompt, Seeded(8) with { MaxTokens = 12, MinTokens = 12 }, Stops, i), texts[i]);
        Assert.Equal(6, texts.Distinct(new TokensEqual()).Count());
        Assert.Equal(333 + 6 * 11, network.TokensComputed);
    }

    [Fact]
    public async Task A_short_prompt_does_not_wait_for_a_long_one()
    {
        using var gate = new StepGate();
        using var engine = new Engine(gate.Network, Options());
        TokenStream slow = engine.Submit(Request(Prompt(1, 4000), Seeded(1)));
        await gate.Reached(0);
        TokenStream quick = engine.Submit(Request(Prompt(2, 40), Seeded(2) with { MaxTokens = 1 }));
        gate.Open();
        Assert.Equal(RecallNetwork.Answer(Prompt(2, 40), Seeded(2) with { MaxTokens = 1 }, Stops), await Collect(quick));
        Assert.Equal(RecallNetwork.Answer(Prompt(1, 4000), Seeded(1), Stops), await Collect(slow));
        // The step it arrived in, then the one that took it in whole beside a part of the long one.
        Assert.Equal([512], gate.Steps[0]);
        Assert.Equal([472, 40], gate.Steps[1]);
    }

    [Fact]
    public async Task Answers_keep_flowing_while_a_long_prompt_is_taken_in()
    {
        using var gate = new StepGate();
        using var engine = new Engine(gate.Network, Options());
        TokenStream running = engine.Submit(Request(Prompt(1, 10), Seeded(1) with { MaxTokens = 20, MinTokens = 20 }));
        await gate.Reached(0);
        TokenStream slow = engine.Submit(Request(Prompt(2, 1000), Seeded(2) with { MaxTokens = 1 }));
        gate.Open();
        await Collect(running);
        await Collect(slow);
        Assert.Equal([10], gate.Steps[0]);
        for (int i = 1; i <= 7; i++) Assert.Equal([1, 128], gate.Steps[i]);
        Assert.Equal([1, 1000 - 7 * 128], gate.Steps[8]);
        Assert.Equal([1], gate.Steps[9]);
    }

    [Fact]
    public async Task Cancelling_frees_the_place_at_the_next_step()
    {
        // Two steps at a time: left alone, the network could reach the end of the context before anybody cancels.
        using var steps = new SemaphoreSlim(2);
        var network = new RecallNetwork { BeforeStep = _ => steps.Wait() };
        using var engine = new Engine(network, Options() with { MaxSequences = 1 });
        using var opened = new Opening(steps);
        TokenStream endless = engine.Submit(Request(Prompt(1, 10), Seeded(1) with { StopTokens = [], MaxTokens = 100000 }));
        TokenStream next = engine.Submit(Request(Prompt(2, 10), Seeded(2) with { MaxTokens = 3 }));
        await foreach (GeneratedToken _ in endless) break;
        steps.Release(10);
        Assert.Equal(FinishReason.Cancelled, await endless.Completion);
        Assert.Equal(RecallNetwork.Answer(Prompt(2, 10), Seeded(2) with { MaxTokens = 3 }, Stops), await Collect(next));
        using var source = new CancellationTokenSource();
        TokenStream third = engine.Submit(Request(Prompt(1, 10), Seeded(1) with { StopTokens = [], MaxTokens = 100000 }));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GeneratedToken _ in third.WithCancellation(source.Token)) await source.CancelAsync();
        });
        steps.Release(10);
        Assert.Equal(FinishReason.Cancelled, await third.Completion);
    }

    /// <summary>Lets an engine that is being disposed come to its end.</summary>
    private sealed class Opening(SemaphoreSlim steps) : IDisposable
    {
        public void Dispose() => steps.Release(100);
    }

    [Fact]
    public async Task Without_memory_for_another_page_only_the_sequence_that_needs_it_fails()
    {
        // Two short answers stay in a page each; the third grows into a page that the system does not give.
        var network = new RecallNetwork { PagesOfMemory = 4 };
        using var engine = new Engine(network, Options());
        SamplingOptions brief = Seeded(1) with { StopTokens = [], MaxTokens = 30 };
        TokenStream first = engine.Submit(Request(Prompt(1, 10), brief)), second = engine.Submit(Request(Prompt(2, 10), brief));
        TokenStream large = engine.Submit(Request(Prompt(3, 10), brief with { MaxTokens = 1000 }));
        CriaException failure = await Assert.ThrowsAsync<CacheMemoryException>(() => Collect(large));
        Assert.StartsWith("there is no memory left for the keys and values of this answer; ", failure.Message, StringComparison.Ordinal);
        Assert.Equal(RecallNetwork.Answer(Prompt(1, 10), brief, []), await Collect(first));
        Assert.Equal(RecallNetwork.Answer(Prompt(2, 10), brief, []), await Collect(second));
        // What it held is free again, and pages that are only remembered give way.
        TokenStream fourth = engine.Submit(Request(Prompt(4, 100), brief));
        Assert.Equal(RecallNetwork.Answer(Prompt(4, 100), brief, []), await Collect(fourth));
    }

    [Fact]
    public async Task Too_many_and_too_long_are_refused_before_anything_runs()
    {
        using var resume = new SemaphoreSlim(0);
        var network = new RecallNetwork { BeforeStep = _ => resume.Wait(5000) };
        using var engine = new Engine(network, Options() with { ContextLength = 100, MaxSequences = 1, QueueCapacity = 2 });
        var tooLong = Assert.Throws<PromptTooLongException>(() => engine.Submit(Request(Prompt(1, 100), new())));
        Assert.Equal((100L, 100L), (tooLong.PromptTokens, tooLong.ContextLength));
        Assert.Contains("100 tokens", tooLong.Message, StringComparison.Ordinal);
        Assert.Throws<CriaException>(() => engine.Submit(Request([], new())));
        Assert.Throws<CriaException>(() => engine.Submit(Request([97], new())));
        Assert.Throws<CriaException>(() => engine.Submit(Request([1], new() { TopP = 3 })));
        var answers = Enumerable.Range(0, 3).Select(i => engine.Submit(Request(Prompt(i, 5), Seeded(1) with { MaxTokens = 2 }))).ToArray();
        Assert.Throws<QueueFullException>(() => engine.Submit(Request(Prompt(9, 5), new())));
        Assert.Equal(1, engine.Statistics.Refused);
        resume.Release(1000);
        foreach (TokenStream answer in answers) await answer.Completion;
        await engine.Submit(Request(Prompt(9, 5), Seeded(1) with { MaxTokens = 1 })).Completion;
    }

    [Fact]
    public async Task Important_requests_go_first_and_push_others_out()
    {
        // Step by step, so that who ends when does not depend on how threads are scheduled: with one sequence at a time a step ends one answer at most.
        var order = new List<int>();
        using SemaphoreSlim arrived = new(0), resume = new(0);
        var network = new RecallNetwork { BeforeStep = _ => { arrived.Release(); resume.Wait(5000); } };
        using var engine = new Engine(network, Options() with { MaxSequences = 1 });
        int[] priorities = [0, 0, 2, 1];
        var answers = priorities.Select((priority, i) => engine.Submit(Request(Prompt(i, 20), Seeded(1) with { MaxTokens = 5, MinTokens = 5 }) with { Priority = priority })).ToArray();
        Task all = Task.WhenAll(answers.Select(answer => answer.Completion));
        await arrived.WaitAsync(TestContext.Current.CancellationToken);
        while (order.Count < answers.Length)
        {
            resume.Release();
            await Task.WhenAny(arrived.WaitAsync(TestContext.Current.CancellationToken), all);
            order.AddRange(Enumerable.Range(0, answers.Length).Where(i => answers[i].Completion.IsCompleted && !order.Contains(i)));
        }
        Assert.Equal([2, 3, 0, 1], order);
        for (int i = 0; i < 4; i++) Assert.Equal(RecallNetwork.Answer(Prompt(i, 20), Seeded(1) with { MaxTokens = 5, MinTokens = 5 }, Stops), await Collect(answers[i]));
    }

    [Fact]
    public async Task The_answer_ends_at_the_maximum_at_a_stop_token_or_with_the_context()
    {
        var network = new RecallNetwork();
        using var engine = new Engine(network, Options() with { ContextLength = 64 });
        TokenStream most = engine.Submit(Request(Prompt(1, 10), Seeded(1) with { MaxTokens = 4, MinTokens = 4 }));
        Assert.Equal(4, (await Collect(most)).Length);
        Assert.Equal(FinishReason.Length, await most.Completion);
        TokenStream full = engine.Submit(Request(Prompt(1, 10), Seeded(1) with { StopTokens = [] }));
        Assert.Equal(54, (await Collect(full)).Length);
        Assert.Equal(FinishReason.Length, await full.Completion);
        int[] free = RecallNetwork.Answer(Prompt(1, 10), Seeded(1), [], limit: 64);
        TokenStream stopped = engine.Submit(Request(Prompt(1, 10), Seeded(1) with { StopTokens = [free[6]] }));
        Assert.Equal(free[..Array.IndexOf(free, free[6])], await Collect(stopped));
        Assert.Equal((FinishReason.Stop, free[6]), (await stopped.Completion, stopped.StopToken));
        TokenStream none = engine.Submit(Request(Prompt(1, 10), Seeded(1) with { MaxTokens = 0 }));
        Assert.Empty(await Collect(none));
        Assert.Equal(0, none.Usage.GeneratedTokens);
    }

    [Fact]
    public async Task Forced_tokens_are_taken_without_a_step_for_each()
    {
        int[][] grammar = [[1, 2], [10], [11], [12], [13], [14], [15], [3, 4, 5], [20], [21]];
        var network = new RecallNetwork();
        using var engine = new Engine(network, Options());
        int[] expected = RecallNetwork.Answer(Prompt(1, 10), Seeded(1), Stops, constraint: new ListConstraint(grammar));
        TokenStream answer = engine.Submit(Request(Prompt(1, 10), Seeded(1)) with { Constraint = () => new ListConstraint(grammar, force: true) });
        Assert.Equal(expected, await Collect(answer));
        Assert.Equal(FinishReason.Stop, await answer.Completion);
        Assert.Equal(3, network.Steps);
        // Their log-probabilities need the model.
        TokenStream measured = engine.Submit(Request(Prompt(1, 10), Seeded(1) with { LogProbabilities = 2 }) with { Constraint = () => new ListConstraint(grammar, force: true) });
        int[] tokens = Prompt(1, 10);
        await foreach (GeneratedToken token in measured)
        {
            float[] logits = RecallNetwork.Expected(tokens);
            Assert.Equal(logits[token.Token] - Math.Log(logits.Sum(logit => Math.Exp(logit))), token.LogProbability!.Value, 1e-4);
            Assert.Equal(logits.Max(), logits[token.Alternatives[0].Token]);
            Assert.Equal(2, token.Alternatives.Count);
            tokens = [.. tokens, token.Token];
        }
        Assert.Equal(expected, tokens[10..]);
    }

    [Fact]
    public async Task A_failure_ends_those_it_concerns_and_the_engine_goes_on()
    {
        bool fail = true;
        var network = new RecallNetwork { BeforeStep = _ => { if (fail) throw new CriaException("the disk is on fire; call someone"); } };
        using var engine = new Engine(network, Options());
        TokenStream broken = engine.Submit(Request(Prompt(1, 10), Seeded(1)));
        Assert.Contains("fire", (await Assert.ThrowsAsync<CriaException>(() => Collect(broken))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CriaException>(() => broken.Completion);
        fail = false;
        TokenStream dead = engine.Submit(Request(Prompt(1, 10), Seeded(1)) with { Constraint = () => new ListConstraint([[5], []]) });
        TokenStream well = engine.Submit(Request(Prompt(2, 10), Seeded(1)));
        Assert.Contains("grammar", (await Assert.ThrowsAsync<CriaException>(() => Collect(dead))).Message, StringComparison.Ordinal);
        Assert.Equal(RecallNetwork.Answer(Prompt(2, 10), Seeded(1), Stops), await Collect(well));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(130)]
    [InlineData(299)]
    public async Task Evaluation_gives_the_logits_of_every_position_asked_for(int from)
    {
        var network = new RecallNetwork();
        using var engine = new Engine(network, Options() with { ContextLength = 300, PromptChunk = 77 });
        int[] tokens = Prompt(3, 300);
        for (int round = 0; round < 2; round++)
        {
            int next = from;
            await engine.EvaluateAsync(tokens, (position, logits) =>
            {
                Assert.Equal(next++, position);
                Assert.Equal(RecallNetwork.Expected(tokens.AsSpan(0, position + 1)), logits.ToArray());
            }, from, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(300, next);
        }
        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.EvaluateAsync(tokens, (_, _) => throw new InvalidOperationException("reader"), cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Draining_finishes_what_runs_and_refuses_what_comes()
    {
        using var engine = new Engine(new RecallNetwork(), Options());
        TokenStream last = engine.Submit(Request(Prompt(1, 300), Seeded(1)));
        await engine.DrainAsync();
        Assert.True(last.Completion.IsCompletedSuccessfully);
        Assert.Throws<CriaException>(() => engine.Submit(Request(Prompt(1, 3), Seeded(1))));
    }

    [Fact]
    public async Task Disposing_cancels_what_runs()
    {
        var engine = new Engine(new RecallNetwork(), Options());
        TokenStream endless = engine.Submit(Request(Prompt(1, 10), Seeded(1) with { StopTokens = [], MaxTokens = 100000 }));
        engine.Dispose();
        Assert.Equal(FinishReason.Cancelled, await endless.Completion);
        Assert.Throws<ObjectDisposedException>(() => engine.Submit(Request(Prompt(1, 10), Seeded(1))));
    }

    private static EngineOptions Options() => new() { ContextLength = 8192, StopTokens = Stops, Defaults = new() };

    private static SamplingOptions Seeded(ulong seed) => new() { Seed = seed, Temperature = 1, MaxTokens = 60 };

    private static GenerationRequest Request(int[] prompt, SamplingOptions sampling) => new() { Prompt = prompt, Sampling = sampling };

    private static int[] Prompt(int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(96))];
    }

    private static async Task<int[]> Collect(TokenStream answer)
    {
        var tokens = new List<int>();
        await foreach (GeneratedToken token in answer) tokens.Add(token.Token);
        return [.. tokens];
    }

    private sealed class TokensEqual : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] obj) => obj.Length;
    }
}
