using Cria.Generation;
using Cria.Tensors;

namespace Cria.Evaluation;

/// <summary>
/// Perplexity of a text as llama.cpp defines it, so that figures can be compared: the text's tokens are cut into windows, each window begins with the
/// beginning-of-text token in place of its first token, and the tokens of its second half are scored. With a reference model, both run window by window,
/// and only one window of the reference's logits is ever kept.
/// </summary>
public sealed class Perplexity
{
    private readonly LanguageModel model;
    private readonly LanguageModel? reference;
    private readonly int[] tokens;
    private readonly PerplexityOptions options;
    private readonly List<double> divergences = [];
    private readonly float[][] kept;
    private readonly double[] keptLosses;
    private Moments losses;
    private long sameTop;

    /// <summary>
    /// Prepares to score <paramref name="text"/>. Throws <see cref="CriaException"/> when it is shorter than two windows, when a window does not fit the context,
    /// or when the two models do not read the text as the same tokens.
    /// </summary>
    public Perplexity(LanguageModel model, string text, LanguageModel? reference = null, PerplexityOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(text);
        this.model = model;
        this.reference = reference;
        this.options = options ?? new PerplexityOptions();
        int window = this.options.Window;
        if (window < 8) throw new CriaException($"a window of {window} tokens is too short to score; choose 512");
        foreach (LanguageModel one in reference is null ? [model] : new[] { model, reference })
            if (window > one.ContextLength) throw new CriaException($"a window of {window} tokens does not fit the context of {one.ContextLength} of {one.Path}; choose a shorter one");
        tokens = model.Tokenize(text);
        if (reference is not null && (reference.Config.VocabularySize != model.Config.VocabularySize || !reference.Tokenize(text).AsSpan().SequenceEqual(tokens)))
            throw new CriaException($"{model.Path} and {reference.Path} have different vocabularies; a reference must be a form of the same model");
        // As the definition has it: one window would have no error to speak of.
        if (tokens.Length < 2 * window) throw new CriaException($"the text has {tokens.Length} tokens, but two windows of {window} are needed; give a longer text or shorter windows");
        Windows = Math.Min(tokens.Length / window, this.options.Windows ?? int.MaxValue);
        kept = reference is null ? [] : new float[Scored][];
        keptLosses = new double[reference is null ? 0 : Scored];
        for (int i = 0; i < kept.Length; i++) kept[i] = new float[model.Config.VocabularySize];
    }

    /// <summary>Windows that will be scored.</summary>
    public int Windows { get; }

    private int First => options.Window / 2;

    private int Scored => options.Window - First - 1;

    /// <summary>Scores the text, and reports the result so far after each window.</summary>
    public async Task<PerplexityResult> RunAsync(IProgress<PerplexityResult>? progress = null, CancellationToken cancellationToken = default)
    {
        for (int window = 0; window < Windows; window++)
        {
            int[] ids = tokens.AsSpan(window * options.Window, options.Window).ToArray();
            int[] targets = ids[(First + 1)..];
            if (model.Tokenizer.AddsBos) ids[0] = model.Tokenizer.Bos ?? ids[0];
            if (reference is not null) await reference.EvaluateAsync(ids, (position, logits) => Keep(position, logits, targets), First, cancellationToken).ConfigureAwait(false);
            await model.EvaluateAsync(ids, (position, logits) => Score(position, logits, targets), First, cancellationToken).ConfigureAwait(false);
            progress?.Report(Result(window + 1));
        }
        return Result(Windows);
    }

    private void Keep(int position, ReadOnlySpan<float> logits, int[] targets)
    {
        int i = position - First;
        if (i >= targets.Length) return;
        float[] row = kept[i];
        double logSum = LogSumExp(logits);
        float shift = (float)logSum;
        keptLosses[i] = logSum - logits[targets[i]];
        for (int token = 0; token < row.Length; token++) row[token] = logits[token] - shift;
    }

    private void Score(int position, ReadOnlySpan<float> logits, int[] targets)
    {
        int i = position - First;
        if (i >= targets.Length) return;
        double logSum = LogSumExp(logits), loss = logSum - logits[targets[i]];
        if (reference is null)
        {
            losses.Add(loss, 0);
            return;
        }
        losses.Add(loss, keptLosses[i]);
        divergences.Add(Math.Max(0, LogitScan.Divergence(kept[i], logits, (float)logSum)));
        if (LogitScan.ArgMax(kept[i]) == LogitScan.ArgMax(logits)) sameTop++;
    }

    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        float max = LogitScan.Max(logits);
        return max + Math.Log(LogitScan.SumExp(logits, max, 1));
    }

    private PerplexityResult Result(int windows)
    {
        Estimate perplexity = Exp(losses.First);
        return new PerplexityResult(windows, losses.Count, perplexity, reference is null ? null : Compare(perplexity));
    }

    private DivergenceResult Compare(Estimate perplexity)
    {
        Estimate first = losses.First, second = losses.Second, other = Exp(second);
        double logRatioVariance = first.Error * first.Error + second.Error * second.Error - 2 * losses.Covariance;
        double ratio = Math.Exp(first.Value - second.Value);
        double changeVariance = perplexity.Error * perplexity.Error + other.Error * other.Error - 2 * perplexity.Value * other.Value * losses.Covariance;
        double[] sorted = [.. divergences.Order()];
        var spread = new Moments();
        foreach (double divergence in sorted) spread.Add(divergence, 0);
        double same = (double)sameTop / sorted.Length;
        return new DivergenceResult(
            other,
            new Estimate(ratio, ratio * Math.Sqrt(Math.Max(0, logRatioVariance))),
            new Estimate(perplexity.Value - other.Value, Math.Sqrt(Math.Max(0, changeVariance))),
            spread.First,
            Quantile(sorted, 0.5),
            Quantile(sorted, 0.99),
            sorted[^1],
            new Estimate(same, Math.Sqrt(same * (1 - same) / Math.Max(1, sorted.Length - 1))));
    }

    private static Estimate Exp(Estimate logarithm) => new(Math.Exp(logarithm.Value), Math.Exp(logarithm.Value) * logarithm.Error);

    /// <summary>Between the two nearest, in proportion.</summary>
    private static double Quantile(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        return below + 1 < sorted.Length ? sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
    }
}
