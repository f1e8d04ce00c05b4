using System.Diagnostics;
using Cria.Models;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;

namespace Cria.Evaluation;

/// <summary>
/// Measures a network's speed on prompts and on single tokens, and what that asks of the machine, so that speed can be told as a share of the machine's own limits.
/// Not thread-safe; the network must not be in use.
/// </summary>
public sealed class ThroughputBench : IDisposable
{
    /// <summary>Tokens of one step of a prompt.</summary>
    public const int PromptChunk = 512;

    private readonly Llama model;
    private readonly KvCache cache;
    private readonly KvSequence sequence;
    private readonly Batch batch = new();
    private readonly double layerElements;
    private readonly double outputElements;
    private readonly double weightBytes;
    private readonly Random random = new(1);

    /// <summary>Prepares to measure <paramref name="model"/>, loaded from <paramref name="source"/>.</summary>
    public ThroughputBench(Llama model, ITensorSource source, KvTypes? cacheTypes = null)
    {
        this.model = model;
        model.Settle();
        cache = model.CreateCache(model.Config.ContextLength, cacheTypes);
        sequence = cache.NewSequence();
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
    /// Times a prompt of <paramref name="tokens"/> tokens, in steps of <see cref="PromptChunk"/>, to the logits of its last token, after <paramref name="depth"/> tokens in the cache.
    /// One run warms up. Throws <see cref="CriaException"/> when they are longer than the model's context.
    /// </summary>
    /// <param name="tokens">Tokens of the prompt.</param>
    /// <param name="repetitions">Timed runs.</param>
    /// <param name="depth">Tokens in the cache before.</param>
    /// <param name="between">Called before the first timed run and after each.</param>
    /// <param name="cancellationToken">Ends it within a step.</param>
    public ThroughputResult Prompt(int tokens, int repetitions, int depth = 0, Action? between = null, CancellationToken cancellationToken = default)
    {
        Fill(depth, tokens);
        int[] prompt = RandomTokens(tokens);
        double steps = Math.Ceiling((double)tokens / PromptChunk);
        var work = new ThroughputWork(layerElements * tokens + outputElements, weightBytes * steps);
        return new ThroughputResult(tokens, Times(repetitions, () =>
        {
            sequence.Truncate(depth);
            Feed(prompt, cancellationToken);
        }, between, cancellationToken), work);
    }

    /// <summary>
    /// Times <paramref name="tokens"/> steps of one token each, after <paramref name="depth"/> tokens in the cache. One run warms up.
    /// Throws <see cref="CriaException"/> when they are longer than the model's context.
    /// </summary>
    /// <param name="tokens">Steps.</param>
    /// <param name="repetitions">Timed runs.</param>
    /// <param name="depth">Tokens in the cache before.</param>
    /// <param name="between">Called before the first timed run and after each.</param>
    /// <param name="cancellationToken">Ends it within a step.</param>
    public ThroughputResult Decode(int tokens, int repetitions, int depth = 0, Action? between = null, CancellationToken cancellationToken = default)
    {
        Fill(depth, tokens);
        int[] next = RandomTokens(tokens);
        double bytesPerCachedToken = (double)cache.PageBytes / KvLayout.PageSize;
        double cachedTokens = (double)tokens * depth + tokens * (tokens - 1.0) / 2;
        var work = new ThroughputWork((layerElements + outputElements) * tokens, weightBytes * tokens + bytesPerCachedToken * cachedTokens);
        List<double> times = Times(repetitions, () =>
        {
            sequence.Truncate(depth);
            for (int i = 0; i < tokens; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Step(next.AsSpan(i, 1), Logits.Last);
            }
        }, between, cancellationToken);
        return new ThroughputResult(tokens, times, work);
    }

    /// <summary>Frees the cache.</summary>
    public void Dispose()
    {
        sequence.Dispose();
        cache.Dispose();
    }

    private static List<double> Times(int repetitions, Action run, Action? between, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repetitions);
        run();
        between?.Invoke();
        var times = new List<double>(repetitions);
        for (int i = 0; i < repetitions; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            run();
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            between?.Invoke();
        }
        return times;
    }

    /// <summary>
    /// Puts <paramref name="depth"/> tokens into the cache. A page is computed and then repeated, because speed does not depend on what is in the cache and computing all of it
    /// would take longer than the test.
    /// </summary>
    private void Fill(int depth, int tokens)
    {
        CheckLength((long)depth + tokens);
        sequence.Truncate(depth);
        if (sequence.Length >= depth) return;
        if (sequence.Length < KvLayout.PageSize)
        {
            sequence.Truncate(0);
            Step(RandomTokens(Math.Min(depth, KvLayout.PageSize)), Logits.None);
        }
        if (!sequence.TryRepeat(depth)) throw new CriaException("the key-value cache is full; measure at a smaller depth");
    }

    private void Feed(ReadOnlySpan<int> prompt, CancellationToken cancellationToken)
    {
        for (int i = 0; i < prompt.Length; i += PromptChunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<int> chunk = prompt[i..Math.Min(i + PromptChunk, prompt.Length)];
            Step(chunk, i + chunk.Length == prompt.Length ? Logits.Last : Logits.None);
        }
    }

    private void Step(ReadOnlySpan<int> tokens, Logits logits)
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
