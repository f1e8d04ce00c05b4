using Cria.Evaluation;
using Cria.Tensors;

namespace Cria.Tests.Evaluation;

public class PerplexityTests
{
    private static readonly string Text = string.Concat(Enumerable.Range(0, 120).Select(i => $"The {i}th llama walks home. "));

    [Fact]
    public async Task Scores_the_second_half_of_each_window_as_the_definition_has_it()
    {
        using LanguageModel model = LanguageModel.Load(NanoGoldens.GgufPath("F32"));
        const int window = 64;
        PerplexityResult result = await new Perplexity(model, Text, options: new PerplexityOptions { Window = window, Windows = 3 }).RunAsync(cancellationToken: TestContext.Current.CancellationToken);
        int[] tokens = model.Tokenize(Text);
        var losses = new List<double>();
        for (int start = 0; start < 3 * window; start += window)
        {
            int[] ids = tokens[start..(start + window)];
            ids[0] = model.Tokenizer.Bos!.Value;
            float[][] logits = model.Evaluate(ids, TestContext.Current.CancellationToken);
            for (int i = window / 2; i < window - 1; i++) losses.Add(Math.Log(logits[i].Sum(logit => Math.Exp(logit - logits[i].Max()))) + logits[i].Max() - logits[i][tokens[start + i + 1]]);
        }
        double mean = losses.Average(), error = Math.Sqrt((losses.Average(loss => loss * loss) - mean * mean) / (losses.Count - 1));
        Assert.Equal(3 * (window / 2 - 1), result.Tokens);
        Assert.Equal(Math.Exp(mean), result.Perplexity.Value, Math.Exp(mean) * 1e-5);
        Assert.Equal(Math.Exp(mean) * error, result.Perplexity.Error, Math.Exp(mean) * error * 1e-3);
    }

    [Fact]
    public async Task Tells_the_divergence_from_a_reference_as_its_formula_does()
    {
        using LanguageModel model = LanguageModel.Load(NanoGoldens.GgufPath("Q4_0")), reference = LanguageModel.Load(NanoGoldens.GgufPath("F32"));
        const int window = 64;
        PerplexityResult result = await new Perplexity(model, Text, reference, new PerplexityOptions { Window = window, Windows = 2 }).RunAsync(cancellationToken: TestContext.Current.CancellationToken);
        int[] tokens = model.Tokenize(Text);
        var divergences = new List<double>();
        int same = 0;
        for (int start = 0; start < 2 * window; start += window)
        {
            int[] ids = tokens[start..(start + window)];
            ids[0] = model.Tokenizer.Bos!.Value;
            float[][] found = model.Evaluate(ids, TestContext.Current.CancellationToken), wanted = reference.Evaluate(ids, TestContext.Current.CancellationToken);
            for (int i = window / 2; i < window - 1; i++)
            {
                double[] p = LogProbabilities(wanted[i]), q = LogProbabilities(found[i]);
                divergences.Add(p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum());
                if (Array.IndexOf(wanted[i], wanted[i].Max()) == Array.IndexOf(found[i], found[i].Max())) same++;
            }
        }
        DivergenceResult against = result.Divergence!;
        Assert.Equal(divergences.Average(), against.Mean.Value, divergences.Average() * 1e-3);
        Assert.Equal(divergences.Max(), against.Largest, divergences.Max() * 1e-3);
        Assert.Equal((double)same / divergences.Count, against.SameTop.Value, 1e-9);
        Assert.Equal(result.Perplexity.Value / against.Reference.Value, against.Ratio.Value, 1e-9);
        Assert.InRange(against.Median, 0, against.Percentile99);
    }

    [Fact]
    public async Task A_model_does_not_diverge_from_itself()
    {
        using LanguageModel model = LanguageModel.Load(NanoGoldens.GgufPath("Q8_0")), reference = LanguageModel.Load(NanoGoldens.GgufPath("Q8_0"));
        PerplexityResult result = await new Perplexity(model, Text, reference, new PerplexityOptions { Window = 32, Windows = 2 }).RunAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0, result.Divergence!.Largest, 1e-6);
        Assert.Equal(1, result.Divergence.SameTop.Value);
        Assert.Equal(0, result.Divergence.Change.Value);
    }

    [Theory]
    [InlineData("too short", 512, "two windows of 512 are needed")]
    [InlineData("too short", 4, "too short to score")]
    [InlineData("too short", 1 << 20, "does not fit the context")]
    public void Says_what_is_wrong(string text, int window, string expected)
    {
        using LanguageModel model = LanguageModel.Load(NanoGoldens.GgufPath("F32"));
        Assert.Contains(expected, Assert.Throws<CriaException>(() => new Perplexity(model, text, options: new PerplexityOptions { Window = window })).Message, StringComparison.Ordinal);
    }

    private static double[] LogProbabilities(float[] logits)
    {
        double max = logits.Max(), sum = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        return [.. logits.Select(logit => logit - sum)];
    }
}
