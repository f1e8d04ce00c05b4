using System.Diagnostics;
using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Evaluation;

/// <summary>
/// Measures a network's speed on prompts and on single tokens, and what that asks of the machine, so that speed can be told as a share of the machine's own limits.
/// Not thread-safe; the network must not be in use.
/// </summary>
public sealed class ThroughputBench
{
    /// <summary>Tokens of one step of a prompt.</summary>
    public const int PromptChunk = 512;

    private readonly Llama model;
    private readonly TensorType cacheType;
    private readonly double layerElements;
    private readonly double outputElements;
    private readonly double weightBytes;
    private readonly Random random = new(1);

    /// <summary>Prepares to measure <paramref name="model"/>, loaded from <paramref name="source"/>.</summary>
    public ThroughputBench(Llama model, ITensorSource source, TensorType cacheType = TensorType.F16)
    {
        this.model = model;
        this.cacheType = cacheType;
        bool isTied = !source.TryGet("output.weight", out _);
        foreach (TensorInfo tensor in source.Tensors)
        {
            // One row of the embedding is looked up a token, the rest is read only where it is the output matrix too.
            bool isOutput = tensor.Name == (isTied ? "token_embd.weight" : "output.weight");
            bool isLayer = tensor.Name.StartsWith("blk.", StringComparison.Ordinal);
            if (isOutput) outputElements = tensor.ElementCount;
            if (isLayer && tensor.Shape.Count == 2) layerElements += tensor.ElementCount;
            if (isOutput || isLayer) weightBytes += tensor.ByteCount;
            if (isLayer && tensor.Shape.Count == 2 && tensor.Type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16)) IsQuantized = true;
        }
    }

    /// <summary>True when layers have quantized weights, whose products are of 8-bit integers; else they are of floats.</summary>
    public bool IsQuantized { get; }

    /// <summary>
    /// Times a fresh prompt of <paramref name="tokens"/> tokens, in steps of <see cref="PromptChunk"/>, to the logits of its last token.
    /// One run warms up. Throws <see cref="CriaException"/> when the prompt is longer than the model's context.
    /// </summary>
    public ThroughputResult Prompt(int tokens, int repetitions, CancellationToken cancellationToken = default)
    {
        CheckLength(tokens);
        using KvCache cache = model.CreateCache(tokens, cacheType);
        int[] prompt = RandomTokens(tokens);
        var batch = new Batch();
        double steps = Math.Ceiling((double)tokens / PromptChunk);
        var work = new ThroughputWork(layerElements * tokens + outputElements, weightBytes * steps);
        return new ThroughputResult(tokens, Times(repetitions, () => { using KvSequence sequence = cache.NewSequence(); Feed(prompt, sequence, cache, batch, cancellationToken); }, cancellationToken), work);
    }

    /// <summary>
    /// Times <paramref name="tokens"/> steps of one token each, after a prompt of <paramref name="depth"/> tokens that is not timed. One run warms up.
    /// Throws <see cref="CriaException"/> when they are longer than the model's context.
    /// </summary>
    public ThroughputResult Decode(int tokens, int repetitions, int depth = 0, CancellationToken cancellationToken = default)
    {
        CheckLength((long)tokens + depth);
        using KvCache cache = model.CreateCache((long)tokens + depth, cacheType);
        using KvSequence sequence = cache.NewSequence();
        int[] next = RandomTokens(tokens);
        var batch = new Batch();
        if (depth > 0) Feed(RandomTokens(depth), sequence, cache, batch, cancellationToken);
        double bytesPerCachedToken = (double)cache.PageBytes / Tensors.Backends.KvLayout.PageSize;
        double cachedTokens = (double)tokens * depth + tokens * (tokens - 1.0) / 2;
        var work = new ThroughputWork((layerElements + outputElements) * tokens, weightBytes * tokens + bytesPerCachedToken * cachedTokens);
        List<double> times = Times(repetitions, () =>
        {
            sequence.Truncate(depth);
            for (int i = 0; i < tokens; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Step(next.AsSpan(i, 1), sequence, cache, batch, Logits.Last);
            }
        }, cancellationToken);
        return new ThroughputResult(tokens, times, work);
    }

    private static List<double> Times(int repetitions, Action run, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repetitions);
        run();
        var times = new List<double>(repetitions);
        for (int i = 0; i < repetitions; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            run();
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return times;
    }

    private void Feed(ReadOnlySpan<int> prompt, KvSequence sequence, KvCache cache, Batch batch, CancellationToken cancellationToken)
    {
        for (int i = 0; i < prompt.Length; i += PromptChunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<int> chunk = prompt[i..Math.Min(i + PromptChunk, prompt.Length)];
            Step(chunk, sequence, cache, batch, i + chunk.Length == prompt.Length ? Logits.Last : Logits.None);
        }
    }

    private void Step(ReadOnlySpan<int> tokens, KvSequence sequence, KvCache cache, Batch batch, Logits logits)
    {
        batch.Clear();
        if (!batch.TryAdd(sequence, tokens, logits, out int row)) throw new CriaException("the key-value cache is full; measure fewer tokens");
        Tensor output = model.Forward(batch, cache);
        // Reading waits for a backend that records.
        if (logits != Logits.None) model.Read(output, row);
    }

    private int[] RandomTokens(int count)
    {
        var tokens = new int[count];
        for (int i = 0; i < count; i++) tokens[i] = random.Next(model.Config.VocabularySize);
        return tokens;
    }

    private void CheckLength(long tokens)
    {
        if (tokens > model.Config.ContextLength)
            throw new CriaException(FormattableString.Invariant($"a test of {tokens} tokens does not fit the model's context of {model.Config.ContextLength}; choose a shorter one"));
    }
}
