using System.Runtime.Intrinsics;
using Cria.Generation;
using Cria.Tensors;

namespace Cria.Tests.Generation;

public class SamplerTests
{
    public static TheoryData<string, SamplingOptions> Filters => new()
    {
        { "temperature", new() { Temperature = 1.3f } },
        { "hot", new() { Temperature = 50 } },
        { "top-k", new() { Temperature = 0.8f, TopK = 7 } },
        { "top-k of one", new() { Temperature = 1, TopK = 1 } },
        { "large top-k", new() { Temperature = 2, TopK = 400 } },
        { "top-p", new() { Temperature = 0.6f, TopP = 0.9f } },
        { "hot top-p", new() { Temperature = 30, TopP = 0.95f } },
        { "small top-p", new() { Temperature = 1, TopP = 1e-6f } },
        { "min-p", new() { Temperature = 1, MinP = 0.05f } },
        { "tiny min-p", new() { Temperature = 4, MinP = 1e-9f } },
        { "typical", new() { Temperature = 1, TypicalP = 0.4f } },
        { "cold typical", new() { Temperature = 0.1f, TypicalP = 0.999f } },
        { "hot typical", new() { Temperature = 10, TypicalP = 0.9f } },
        { "all", new() { Temperature = 1.5f, TopK = 60, TypicalP = 0.9f, TopP = 0.8f, MinP = 0.02f } },
        { "top-p and min-p", new() { Temperature = 1.5f, TopP = 0.97f, MinP = 0.01f } },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void Filters_keep_what_a_full_sort_keeps(string name, SamplingOptions options)
    {
        foreach (int vocabulary in new[] { 1, 5, 33, 500, 4096 })
        {
            var random = new Random(vocabulary);
            var sampler = new Sampler(vocabulary);
            var settings = new SamplingSettings(options, [], vocabulary);
            for (int round = 0; round < 20; round++)
            {
                float[] logits = Logits(random, vocabulary, ties: round % 2 == 1);
                Dictionary<int, double> expected = Reference(logits, settings);
                ReadOnlySpan<Candidate> kept = sampler.Distribution(logits, settings, out double tail);
                double mass = CandidateFilters.Mass(kept) + tail;
                if (tail == 0) Assert.Equal(expected.Keys.Order(), kept.ToArray().Select(candidate => candidate.Token).Order());
                foreach (Candidate candidate in kept) Assert.Equal(expected[candidate.Token], candidate.Weight / mass, 1e-5);
                Assert.NotEmpty(name);
            }
        }
    }

    [Fact]
    public void Draws_follow_the_distribution_and_reach_improbable_tokens()
    {
        const int Draws = 200_000;
        float[] logits = new float[400];
        Array.Fill(logits, -16f);
        (logits[3], logits[17], logits[200]) = (0, -1, -2);
        var sampler = new Sampler(logits.Length);
        int[] counts = new int[logits.Length];
        for (uint seed = 0; seed < Draws; seed++)
        {
            counts[sampler.Sample(logits, new SamplingSettings(new() { Temperature = 1, Seed = seed }, [], logits.Length), [1], 1, null, 0)]++;
        }
        double sum = 1 + Math.Exp(-1) + Math.Exp(-2) + 397 * Math.Exp(-16);
        Assert.Equal(1 / sum, counts[3] / (double)Draws, 0.005);
        Assert.Equal(Math.Exp(-1) / sum, counts[17] / (double)Draws, 0.005);
        Assert.Equal(Math.Exp(-2) / sum, counts[200] / (double)Draws, 0.005);
        int rare = counts.Sum() - counts[3] - counts[17] - counts[200];
        Assert.InRange(rare, 1, 40);
    }

    [Fact]
    public void Exclude_top_choices_leaves_the_least_of_the_probable_ones_as_often_as_asked()
    {
        const int Draws = 20_000;
        // 0.4, 0.3, 0.2 and 0.06, 0.04.
        float[] logits = [.. new[] { 0.4, 0.04, 0.3, 0.06, 0.2 }.Select(p => (float)Math.Log(p))];
        var sampler = new Sampler(logits.Length);

        double[] Shares(SamplingOptions options)
        {
            double[] shares = new double[logits.Length];
            for (uint seed = 0; seed < Draws; seed++) shares[sampler.Sample(logits, new SamplingSettings(options with { Temperature = 1, Seed = seed }, [], logits.Length), [1], 1, null, 0)] += 1.0 / Draws;
            return shares;
        }

        double[] always = Shares(new() { XtcProbability = 1, XtcThreshold = 0.1f });
        Assert.Equal([0, 0.04 / 0.3, 0, 0.06 / 0.3, 0.2 / 0.3], always, (expected, got) => Math.Abs(expected - got) < 0.012);
        double[] half = Shares(new() { XtcProbability = 0.5f });
        Assert.Equal([0.2, 0.02 + 0.02 / 0.3, 0.15, 0.03 + 0.03 / 0.3, 0.1 + 0.1 / 0.3], half, (expected, got) => Math.Abs(expected - got) < 0.012);
        // Fewer than two are so probable.
        Assert.Equal([0.4, 0.04, 0.3, 0.06, 0.2], Shares(new() { XtcProbability = 1, XtcThreshold = 0.35f }), (expected, got) => Math.Abs(expected - got) < 0.012);
        // It sees what the filters before it left: 0.4 / 0.7 and 0.3 / 0.7.
        Assert.Equal([0, 0, 1, 0, 0], Shares(new() { TopK = 2, XtcProbability = 1, XtcThreshold = 0.42f }), (expected, got) => Math.Abs(expected - got) < 1e-6);
    }

    [Fact]
    public void Greedy_takes_the_first_of_the_largest()
    {
        var sampler = new Sampler(100);
        float[] logits = new float[100];
        logits[41] = logits[40] = logits[99] = 3;
        Assert.Equal(40, sampler.Sample(logits, new SamplingSettings(SamplingOptions.Greedy, [], 100), [], 0, null, 0));
        Assert.Equal(40, sampler.Sample(logits, new SamplingSettings(new() { Temperature = 1e-9f, TopP = 1 }, [], 100), [], 0, null, 0) is 40 or 41 or 99 ? 40 : -1);
    }

    [Fact]
    public void Penalties_bias_and_minimum_follow_their_formulas()
    {
        float[] logits = [2, -1, 3, 0.5f, 1, 4];
        int[] tokens = [0, 1, 2, 2, 3];
        var sampler = new Sampler(6);
        var settings = new SamplingSettings(new()
        {
            RepetitionPenalty = 2,
            FrequencyPenalty = 0.25f,
            PresencePenalty = 0.5f,
            MinTokens = 4,
            StopTokens = [5],
            LogitBias = new Dictionary<int, float> { [4] = 10, [0] = 1 },
        }, [], 6);
        float[] adjusted = sampler.Adjust(logits, settings, tokens, promptLength: 2).ToArray();
        // Of the answer 2, 2, 3: token 2 twice, token 3 once; 0 and 1 stand in the prompt.
        Assert.Equal([1.5f, -2, 1.5f - 0.5f - 0.5f, 0.25f - 0.25f - 0.5f, 11, float.NegativeInfinity], adjusted);
        var windowed = new SamplingSettings(new() { RepetitionPenalty = 2, RepetitionWindow = 1 }, [], 6);
        Assert.Equal([2, -1, 3, 0.25f, 1, 4], sampler.Adjust(logits, windowed, tokens, 2).ToArray());
        Assert.Equal(logits, sampler.Adjust(logits, new SamplingSettings(new(), [5], 6), tokens, 2).ToArray());
    }

    [Fact]
    public void Log_probabilities_are_those_of_the_plain_softmax()
    {
        var random = new Random(3);
        foreach (int vocabulary in new[] { 2, 17, 1000, 2304 })
        {
            float[] logits = Logits(random, vocabulary, ties: vocabulary == 1000);
            double logSum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
            TokenProbability[] best = new TokenProbability[Math.Min(20, vocabulary)];
            Assert.Equal(logits[1] - logSum, Sampler.LogProbability(logits, 1, best), 1e-4);
            int[] order = [.. Enumerable.Range(0, vocabulary).OrderByDescending(token => logits[token]).ThenBy(token => token).Take(best.Length)];
            Assert.Equal(order, best.Select(entry => entry.Token));
            Assert.All(best, entry => Assert.Equal(logits[entry.Token] - logSum, entry.LogProbability, 1e-4));
        }
    }

    [Fact]
    public void A_constraint_decides_what_may_come_and_when_the_answer_may_end()
    {
        var random = new Random(5);
        var sampler = new Sampler(200);
        var settings = new SamplingSettings(new() { Temperature = 5, StopTokens = [7], MinTokens = 1 }, [], 200);
        var constraint = new ListConstraint([[70, 71, 199], [3]]);
        for (uint seed = 0; seed < 50; seed++)
        {
            var seeded = new SamplingSettings(new() { Temperature = 5, StopTokens = [7], Seed = seed }, [], 200);
            Assert.Contains(sampler.Sample(Logits(random, 200), seeded, [1], 1, constraint, 0), new[] { 70, 71, 199 });
        }
        constraint.Accept(71);
        Assert.Equal(3, sampler.Sample(Logits(random, 200), settings, [1, 71], 1, constraint, 0));
        constraint.Accept(3);
        Assert.Equal(Sampler.End, sampler.Sample(Logits(random, 200), settings, [1, 71, 3], 1, constraint, 0));
        Assert.Throws<CriaException>(() => sampler.Sample(new float[200], settings, [1], 1, new ListConstraint([[]]), 0));
    }

    [Fact]
    public void Choosing_allocates_nothing()
    {
        var random = new Random(8);
        float[] logits = Logits(random, 128256);
        var sampler = new Sampler(logits.Length);
        SamplingSettings[] settings = [.. new SamplingOptions[]
        {
            new() { Temperature = 0.6f, TopP = 0.9f }, new() { Temperature = 1 }, new() { Temperature = 1, TopK = 40, MinP = 0.05f, RepetitionPenalty = 1.1f },
            new() { Temperature = 1, TypicalP = 0.5f }, new() { Temperature = 1, XtcProbability = 1 }, SamplingOptions.Greedy,
        }.Select(options => new SamplingSettings(options, [], logits.Length))];
        int[] tokens = [.. Enumerable.Range(0, 500)];
        foreach (SamplingSettings setting in settings) sampler.Sample(logits, setting, tokens, 10, null, 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (SamplingSettings setting in settings) sampler.Sample(logits, setting, tokens, 10, null, 0);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Nonsense_in_the_logits_is_an_error()
    {
        var sampler = new Sampler(40);
        float[] logits = new float[40];
        logits[33] = float.NaN;
        Assert.Throws<CriaException>(() => sampler.Sample(logits, new SamplingSettings(new() { Temperature = 1 }, [], 40), [], 0, null, 0));
        Array.Fill(logits, float.NegativeInfinity);
        Assert.Throws<CriaException>(() => sampler.Sample(logits, new SamplingSettings(SamplingOptions.Greedy, [], 40), [], 0, null, 0));
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        (SamplingOptions Options, string Name)[] cases =
        [
            (new() { Temperature = -1 }, "temperature"), (new() { Temperature = float.NaN }, "temperature"), (new() { TopP = 0 }, "top-p"), (new() { TopP = 1.5f }, "top-p"),
            (new() { TopK = -1 }, "top-k"), (new() { MinP = 2 }, "min-p"), (new() { TypicalP = 0 }, "typical-p"), (new() { XtcProbability = 1.1f }, "XTC probability"), (new() { XtcThreshold = -1 }, "XTC threshold"), (new() { RepetitionPenalty = 0 }, "repetition penalty"),
            (new() { LogitBias = new Dictionary<int, float> { [50] = 1 } }, "logit bias"), (new() { StopTokens = [-1] }, "stop token"), (new() { MinTokens = 5, MaxTokens = 4 }, "minimum"),
            (new() { LogProbabilities = 51 }, "log-probabilities"),
        ];
        foreach ((SamplingOptions options, string name) in cases) Assert.Contains(name, Assert.Throws<CriaException>(() => options.Validate(50)).Message, StringComparison.Ordinal);
        SamplingOptions.Llama3.Validate(50);
    }

    [Fact]
    public void Exponentials_are_exact_to_single_precision()
    {
        for (double x = -90; x <= 0; x += 0.00371)
        {
            float exact = (float)x, got = LogitScan.Exp(Vector512.Create(exact))[3];
            double expected = Math.Exp(exact);
            if (exact < -88) Assert.Equal(0, got);
            else if (expected > 1.2e-38) Assert.InRange(got / expected, 1 - 2e-7, 1 + 2e-7);
        }
        Assert.Equal(0, LogitScan.Exp(Vector512.Create(float.NegativeInfinity))[0]);
        Assert.Equal(1, LogitScan.Exp(Vector512<float>.Zero)[0]);
    }

    private static float[] Logits(Random random, int count, bool ties = false)
    {
        float[] logits = new float[count];
        for (int i = 0; i < count; i++)
        {
            float value = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()) * 4);
            logits[i] = ties ? MathF.Round(value) : value;
        }
        return logits;
    }

    /// <summary>The filters by their definitions, on sorted doubles.</summary>
    private static Dictionary<int, double> Reference(float[] logits, SamplingSettings settings)
    {
        double max = logits.Max();
        List<(int Token, double P)> all = Normalized(logits.Select((logit, token) => (token, Math.Exp((logit - max) / settings.Temperature))).OrderByDescending(entry => entry.Item2).ThenBy(entry => entry.token));
        if (settings.TopK > 0) all = Normalized(all.Take(settings.TopK));
        if (settings.TypicalP < 1)
        {
            double entropy = -all.Sum(entry => entry.P * Math.Log(entry.P));
            // The sampler orders by the deviation in single precision.
            all = Normalized(Reaching(all.OrderBy(entry => (float)Math.Abs(-Math.Log(entry.P) - entropy)).ThenBy(entry => entry.Token), settings.TypicalP).OrderByDescending(entry => entry.P).ThenBy(entry => entry.Token));
        }
        if (settings.TopP < 1) all = Normalized(Reaching(all, settings.TopP));
        if (settings.MinP > 0) all = Normalized(all.Where(entry => entry.P >= settings.MinP * all[0].P));
        return all.ToDictionary(entry => entry.Token, entry => entry.P);

        static List<(int Token, double P)> Normalized(IEnumerable<(int Token, double P)> entries)
        {
            var list = entries.ToList();
            double sum = list.Sum(entry => entry.P);
            return [.. list.Select(entry => (entry.Token, entry.P / sum))];
        }

        static IEnumerable<(int Token, double P)> Reaching(IEnumerable<(int Token, double P)> entries, double share)
        {
            double sum = 0;
            foreach ((int Token, double P) entry in entries)
            {
                yield return entry;
                if ((sum += entry.P) >= share) yield break;
            }
        }
    }
}
