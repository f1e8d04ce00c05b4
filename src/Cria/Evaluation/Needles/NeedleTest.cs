using System.Diagnostics;
using Cria.Generation;
using Cria.Tensors;

namespace Cria.Evaluation.Needles;

/// <summary>
/// Runs a needle map. Cells are taken from the deepest needle to the shallowest: then each prompt begins with what the one before it had computed up to its needle, and only what
/// stands behind the needle is computed anew.
/// </summary>
public sealed class NeedleTest
{
    /// <summary>Tokens that the model may write beyond the answer's.</summary>
    private const int MoreTokens = 8;

    private readonly LanguageModel model;
    private readonly NeedlePrompts prompts;

    /// <summary>Plans the cells that <paramref name="isDone"/> does not know yet.</summary>
    /// <param name="model">The model, loaded for <see cref="ContextFor"/> tokens or more.</param>
    /// <param name="options">What the map covers.</param>
    /// <param name="haystack">The haystack.</param>
    /// <param name="isDone">Tells the cells whose results are at hand.</param>
    /// <exception cref="CriaException">The options contradict each other, or a needle does not fit.</exception>
    public NeedleTest(LanguageModel model, NeedleOptions options, Haystack haystack, Func<NeedleCell, bool>? isDone = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.model = model;
        Grid = new NeedleGrid(options);
        prompts = new NeedlePrompts(options, haystack, model.Tokenizer, model.Template);
        int longest = 0;
        var plan = new List<(NeedleCell Cell, int Shared, int Length)>();
        foreach (NeedleCell cell in Grid.Cells())
        {
            NeedlePrompt prompt = prompts.Make(cell);
            longest = Math.Max(longest, prompt.Tokens.Length + prompt.Answer.Length + MoreTokens);
            if (isDone?.Invoke(cell) != true) plan.Add((cell, prompt.SharedTokens, prompt.Tokens.Length));
        }
        if (longest > model.ContextLength)
            throw new CriaException($"the longest prompt with its answer has {longest} tokens, but there is room for {model.ContextLength}; choose a shorter --max-context-length or a larger --context");
        // Of equal places the longest context first: the shorter ones then find all their haystack.
        Cells = [.. plan.OrderByDescending(item => item.Shared).ThenByDescending(item => item.Length).Select(item => item.Cell)];
        Work = plan.Sum(item => WorkOf(item.Length, 0));
        int known = 0;
        foreach ((NeedleCell _, int shared, int length) in plan.OrderByDescending(item => item.Shared).ThenByDescending(item => item.Length))
        {
            ExpectedWork += WorkOf(length, Math.Min(shared, known));
            known = known == 0 ? length : Math.Min(shared, known);
        }
    }

    /// <summary>The grid.</summary>
    public NeedleGrid Grid { get; }

    /// <summary>The cells to run, in the order they are run.</summary>
    public IReadOnlyList<NeedleCell> Cells { get; }

    /// <summary>Multiply-adds of all prompts, computed each by itself.</summary>
    public double Work { get; }

    /// <summary>Multiply-adds that remain when equal beginnings are computed once.</summary>
    public double ExpectedWork { get; }

    /// <summary>Tokens a model must have room for to run a map: the longest context, and what it may write beyond the answer.</summary>
    public static int ContextFor(NeedleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        NeedleForm form = options.Form;
        // Where the haystack alone is counted, all else comes on top; no token has more than a character of these texts.
        int more = options.CountsHaystackOnly ? form.Needle.Length + form.Prefix.Length + form.Suffix.Length + form.LeadIn.Length + 2 * options.NumberDigits + 256
            + options.Distractors * ((form.Distractor?.Length ?? 0) + options.NumberDigits + 16) : 0;
        return checked(options.MaxContextLength + more + MoreTokens);
    }

    /// <summary>Runs the cells and hands on each result as it comes, with the share of the work that is done.</summary>
    public async Task RunAsync(Action<NeedleResult, double> report, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(report);
        double done = 0;
        int known = 0;
        foreach (NeedleCell cell in Cells)
        {
            cancellationToken.ThrowIfCancellationRequested();
            NeedlePrompt prompt = prompts.Make(cell);
            NeedleResult result = await RunAsync(prompt, cancellationToken).ConfigureAwait(false);
            done += WorkOf(prompt.Tokens.Length, Math.Min(prompt.SharedTokens, known));
            known = known == 0 ? prompt.Tokens.Length : Math.Min(prompt.SharedTokens, known);
            report(result, done / ExpectedWork);
        }
    }

    private async Task<NeedleResult> RunAsync(NeedlePrompt prompt, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        int first = prompt.Tokens.Length - 1;
        bool isForced = true;
        // Logits come position by position; a position may come twice when its sequence was pushed out, with the same logits.
        GenerationUsage usage = await model.Engine.EvaluateAsync((int[])[.. prompt.Tokens, .. prompt.Answer], (position, logits) =>
        {
            int i = position - first;
            if (i < prompt.Answer.Length && LogitScan.ArgMax(logits) != prompt.Answer[i]) isForced = false;
        }, first, cancellationToken: cancellationToken).ConfigureAwait(false);
        var greedy = new GenerationOptions { Temperature = 0, MaxTokens = prompt.Answer.Length + MoreTokens };
        Answer answer = await model.GenerateAsync(prompt.Tokens, greedy, cancellationToken).ToAnswerAsync(cancellationToken).ConfigureAwait(false);
        return new NeedleResult(prompt.Cell, prompt.Number, answer.Text, isForced, Contains(answer.Text, prompt.Number), prompt.Tokens.Length, usage.CachedTokens, prompt.NeedleStart, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>True when the number stands in the text with no further digit beside it.</summary>
    internal static bool Contains(string text, string number)
    {
        for (int at = text.IndexOf(number, StringComparison.Ordinal); at >= 0; at = text.IndexOf(number, at + 1, StringComparison.Ordinal))
        {
            int end = at + number.Length;
            if ((at == 0 || !char.IsAsciiDigit(text[at - 1])) && (end == text.Length || !char.IsAsciiDigit(text[end]))) return true;
        }
        return false;
    }

    /// <summary>Multiply-adds of a prompt whose first tokens are known: each token meets every weight and all tokens before it.</summary>
    private double WorkOf(int length, int known)
    {
        Models.LlamaConfig config = model.Config;
        double features = (double)config.HeadCount * config.HeadSize;
        double weights = config.LayerCount * (config.HiddenSize * (2 * features + 2.0 * config.KeyValueHeadCount * config.HeadSize + 3.0 * config.FeedForwardSize));
        double fresh = length - known;
        return fresh * (weights + config.LayerCount * 2 * features * (known + fresh / 2));
    }
}
