using Cria.Models;
using Cria.Tensors;

namespace Cria.Generation;

/// <summary>
/// Runs a network for many callers at once: token ids in, token ids out. One thread runs one step after another; requests join and leave at every step.
/// Prompts are taken in chunks, equal beginnings are computed once, and when the cache is full the least important sequence is pushed out and computed again later.
/// The tokens of an answer depend on its prompt and seed alone, never on what else runs. Safe for concurrent callers; costs nothing while idle.
/// </summary>
public sealed partial class Engine : IDisposable
{
    /// <summary>Bytes of logits a step may ask for.</summary>
    private const long LogitBytes = 64 << 20;

    private readonly INetwork network;
    private readonly EngineOptions options;
    private readonly KvCache cache;
    private readonly Scheduler scheduler;
    private readonly Sampler sampler;
    private readonly Batch batch = new();
    private readonly List<Sequence> step = [];
    private readonly List<int> forced = [];
    private readonly Thread thread;
    private readonly object gate = new();
    private readonly List<Sequence> incoming = [];
    private EngineStatistics statistics;
    private TaskCompletionSource? drained;
    private long arrivals;
    private long steps, promptTokens, cachedTokens, generatedTokens, finished, refused;
    private bool stopping;

    /// <summary>Starts an engine on a network, which it owns from now on.</summary>
    public Engine(Llama model, EngineOptions options) : this(new LlamaNetwork(model), options) { }

    internal Engine(INetwork network, EngineOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.ContextLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxSequences);
        ArgumentOutOfRangeException.ThrowIfNegative(options.QueueCapacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PromptChunk);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PromptChunkWhileAnswering);
        this.network = network;
        this.options = options;
        cache = network.CreateCache(options.CacheTokens ?? options.ContextLength, options.CacheType);
        ContextLength = (int)Math.Min(Math.Min(options.ContextLength, cache.MaxPages * Tensors.Backends.KvLayout.PageSize), Array.MaxLength / 2);
        scheduler = new Scheduler(cache, options, (int)Math.Clamp(LogitBytes / sizeof(float) / network.VocabularySize, 1, int.MaxValue));
        sampler = new Sampler(network.VocabularySize);
        Publish();
        thread = new Thread(Work) { IsBackground = true, Name = "cria engine" };
        thread.Start();
    }

    /// <summary>Most tokens a sequence may have, prompt and answer together.</summary>
    public int ContextLength { get; }

    /// <summary>Number of tokens.</summary>
    public int VocabularySize => network.VocabularySize;

    /// <summary>What the engine does and has done, as of the last step.</summary>
    public EngineStatistics Statistics
    {
        get
        {
            lock (gate) return statistics with { Waiting = statistics.Waiting + incoming.Count, Refused = refused };
        }
    }

    /// <summary>
    /// Asks for one answer. Throws, before anything runs, <see cref="PromptTooLongException"/> when the prompt does not fit, <see cref="QueueFullException"/> when too many wait,
    /// and <see cref="CriaException"/> when an option is out of range.
    /// </summary>
    public TokenStream Submit(GenerationRequest request) => Submit(request, 1)[0];

    /// <summary>Asks for several answers to one prompt, which is computed once. They differ in their random numbers. Throws as <see cref="Submit(GenerationRequest)"/>.</summary>
    public IReadOnlyList<TokenStream> Submit(GenerationRequest request, int samples)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        Check(request.Prompt.Span);
        CheckAdapter(request.Adapter);
        if (request.Prompt.Length >= ContextLength) throw new PromptTooLongException(request.Prompt.Length, ContextLength);
        var settings = new SamplingSettings(request.Sampling.OrElse(options.Defaults), options.StopTokens, VocabularySize);
        // Lists that grow while decoding would cost garbage; a long answer may grow them a few times.
        int capacity = request.Prompt.Length + Math.Clamp(settings.MaxTokens, 1, Math.Min(4096, ContextLength - request.Prompt.Length));
        var siblings = new Sequence[samples];
        var handles = new TokenStream[samples];
        for (int i = 0; i < samples; i++)
        {
            handles[i] = new TokenStream(request.Prompt.Length, i, settings.Seed);
            siblings[i] = new Sequence(request.Prompt.Span, capacity)
            {
                Handle = handles[i],
                Settings = settings,
                Constraint = request.Constraint?.Invoke(),
                Sample = i,
                Siblings = samples > 1 ? siblings : null,
                Priority = request.Priority,
                Adapter = request.Adapter,
                Arrival = Interlocked.Increment(ref arrivals),
                Limit = ContextLength,
            };
        }
        Enqueue(siblings);
        return handles;
    }

    /// <summary>
    /// Runs tokens through the network and gives <paramref name="reader"/> the logits of every position from <paramref name="from"/> on, in order, on the engine's thread.
    /// Returns what it cost: tokens before <paramref name="from"/> may have been found in the cache. Throws as <see cref="Submit(GenerationRequest)"/>; a failure of the reader fails the task.
    /// </summary>
    public Task<GenerationUsage> EvaluateAsync(ReadOnlyMemory<int> tokens, LogitsReader reader, int from = 0, int adapter = 0, int priority = 0, CancellationToken cancellationToken = default) =>
        ReadAsync(tokens, reader, from, readsFeatures: false, adapter, priority, cancellationToken);

    /// <summary>
    /// Runs tokens through the network and gives <paramref name="reader"/> the features of every position, which the output weight would turn to logits: [hidden].
    /// A position may come twice, when its sequence was pushed out. Throws as <see cref="EvaluateAsync"/>.
    /// </summary>
    public Task ReadFeaturesAsync(ReadOnlyMemory<int> tokens, LogitsReader reader, int adapter = 0, int priority = 0, CancellationToken cancellationToken = default) =>
        ReadAsync(tokens, reader, 0, readsFeatures: true, adapter, priority, cancellationToken);

    private async Task<GenerationUsage> ReadAsync(ReadOnlyMemory<int> tokens, LogitsReader reader, int from, bool readsFeatures, int adapter, int priority, CancellationToken cancellationToken)
    {
        Check(tokens.Span);
        CheckAdapter(adapter);
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(from, tokens.Length);
        if (tokens.Length > ContextLength) throw new PromptTooLongException(tokens.Length, ContextLength);
        var handle = new TokenStream(tokens.Length, 0, 0);
        Enqueue([new Sequence(tokens.Span, tokens.Length)
        {
            Handle = handle,
            Settings = new SamplingSettings(SamplingOptions.Greedy, [], VocabularySize),
            Priority = priority,
            Adapter = adapter,
            Arrival = Interlocked.Increment(ref arrivals),
            Limit = ContextLength,
            Reader = reader,
            ReadsFeatures = readsFeatures,
            ReadFrom = from,
        }]);
        using CancellationTokenRegistration registration = cancellationToken.Register(handle.Cancel);
        if (await handle.Completion.ConfigureAwait(false) == FinishReason.Cancelled) throw new OperationCanceledException(cancellationToken);
        return handle.Usage;
    }

    /// <summary>Takes no new requests and completes when those in hand are done.</summary>
    public Task DrainAsync()
    {
        lock (gate)
        {
            drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Monitor.Pulse(gate);
            return drained.Task;
        }
    }

    /// <summary>Cancels what runs and waits, and frees the network and the cache.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (stopping) return;
            stopping = true;
            Monitor.Pulse(gate);
        }
        thread.Join();
        cache.Dispose();
        network.Dispose();
    }

    private void Check(ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty) throw new CriaException("the prompt is empty; give at least one token");
        foreach (int token in tokens)
        {
            if (token < 0 || token >= VocabularySize) throw new CriaException($"token {token} of the prompt is not in the vocabulary, which has {VocabularySize}; use this model's tokenizer");
        }
    }

    private void CheckAdapter(int adapter)
    {
        if (adapter < 0 || adapter > network.AdapterCount) throw new CriaException($"there is no adapter {adapter}; {network.AdapterCount} were loaded to choose from");
    }

    private void Enqueue(Sequence[] sequences)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, this);
            if (drained is not null) throw new CriaException("the engine is shutting down and takes no new requests; ask another one");
            int waiting = statistics.Waiting + incoming.Count;
            if (waiting + statistics.Running + sequences.Length > options.MaxSequences + options.QueueCapacity)
            {
                refused++;
                throw new QueueFullException(waiting, options.QueueCapacity);
            }
            incoming.AddRange(sequences);
            Monitor.Pulse(gate);
        }
    }

    private void Work()
    {
        while (true)
        {
            lock (gate)
            {
                while (!stopping && chores.Count == 0 && incoming.Count == 0 && scheduler.Running.Count + scheduler.Waiting.Count == 0)
                {
                    drained?.TrySetResult();
                    Monitor.Wait(gate);
                }
                foreach (Sequence sequence in incoming) scheduler.Add(sequence);
                incoming.Clear();
                Publish();
                if (stopping) break;
            }
            RunChores();
            try
            {
                Step();
            }
            catch (Exception failure)
            {
                // Whoever took part in the step cannot go on; the engine can.
                FinishAll(scheduler.Running, FinishReason.Failed, failure);
                if (batch.TokenCount == 0) FinishAll(scheduler.Waiting, FinishReason.Failed, failure);
            }
            lock (gate) Publish();
        }
        RunChores();
        FinishAll(scheduler.Running, FinishReason.Cancelled);
        FinishAll(scheduler.Waiting, FinishReason.Cancelled);
        drained?.TrySetResult();
    }

    private void Step()
    {
        DropCancelled(scheduler.Running);
        DropCancelled(scheduler.Waiting);
        scheduler.Plan(batch);
        foreach (Sequence sequence in scheduler.Starved)
            Finish(sequence, FinishReason.Failed, new CacheMemoryException());
        scheduler.Starved.Clear();
        if (batch.TokenCount == 0) return;
        network.Forward(batch, cache);
        steps++;
        scheduler.Commit();
        step.Clear();
        foreach (Sequence sequence in scheduler.Running)
        {
            if (sequence.Planned > 0) step.Add(sequence);
        }
        foreach (Sequence sequence in step)
        {
            if (sequence.Reader is not null) Read(sequence);
            else if (sequence.Pending == 0) Continue(sequence);
        }
    }

    private void Read(Sequence sequence)
    {
        int end = sequence.Cache!.Length, from = end - sequence.Planned;
        try
        {
            for (int i = 0; i < sequence.Planned && end > sequence.ReadFrom; i++) sequence.Reader!(from + i, sequence.ReadsFeatures ? network.Features(sequence.FirstOutput + i) : network.Logits(sequence.FirstOutput + i));
        }
        catch (Exception failure)
        {
            Finish(sequence, FinishReason.Failed, failure);
            return;
        }
        if (sequence.Pending == 0) Finish(sequence, FinishReason.Stop);
    }

    /// <summary>Chooses the next token from the sequence's row of logits, and from the same row for the siblings that waited for this prompt.</summary>
    private void Continue(Sequence sequence)
    {
        ReadOnlySpan<float> logits = network.Logits(sequence.FirstOutput);
        if (sequence.Siblings is { } siblings && sequence.Generated == 0)
        {
            foreach (Sequence sibling in siblings)
            {
                if (sibling != sequence && !sibling.Handle.IsCancelled && scheduler.TryFork(sequence, sibling)) ChooseOrFail(sibling, logits);
            }
        }
        ChooseOrFail(sequence, logits);
    }

    private void ChooseOrFail(Sequence sequence, ReadOnlySpan<float> logits)
    {
        try
        {
            Choose(sequence, logits);
        }
        catch (Exception failure)
        {
            Finish(sequence, FinishReason.Failed, failure);
        }
    }

    private void Choose(Sequence sequence, ReadOnlySpan<float> logits)
    {
        if (sequence.Generated == 0)
        {
            promptTokens += sequence.PromptLength;
            cachedTokens += sequence.Handle.Usage.CachedTokens;
        }
        if (sequence.Settings.MaxTokens == 0)
        {
            Finish(sequence, FinishReason.Length);
            return;
        }
        SamplingSettings settings = sequence.Settings;
        if (sequence.Constraint is { ForcedTokens.IsEmpty: false } constraint && settings.LogProbabilities >= 0)
        {
            // Each forced token needs its own logits here, so they come one a step.
            Take(sequence, constraint.ForcedTokens[0], logits);
            return;
        }
        if (sequence.Constraint is { ForcedTokens.IsEmpty: true } or null)
        {
            int token = sampler.Sample(logits, settings, sequence.Tokens, sequence.PromptLength, sequence.Constraint, sequence.Sample);
            if (token == Sampler.End || Array.IndexOf(settings.StopTokens, token) >= 0)
            {
                if (token != Sampler.End) sequence.Handle.StopToken = token;
                Finish(sequence, FinishReason.Stop);
                return;
            }
            if (!Take(sequence, token, logits)) return;
        }
        if (settings.LogProbabilities < 0) TakeForced(sequence, logits);
    }

    private void TakeForced(Sequence sequence, ReadOnlySpan<float> logits)
    {
        while (sequence.Constraint is { ForcedTokens.IsEmpty: false } constraint)
        {
            forced.Clear();
            forced.AddRange(constraint.ForcedTokens);
            foreach (int token in forced)
            {
                if (!Take(sequence, token, logits)) return;
            }
        }
    }

    /// <summary>Adds a token to the answer; false when that ends it.</summary>
    private bool Take(Sequence sequence, int token, ReadOnlySpan<float> logits)
    {
        sequence.Append(token);
        sequence.Constraint?.Accept(token);
        float? logProbability = null;
        TokenProbability[] best = [];
        if (sequence.Settings.LogProbabilities >= 0)
        {
            best = sequence.Settings.LogProbabilities == 0 ? best : new TokenProbability[sequence.Settings.LogProbabilities];
            logProbability = Sampler.LogProbability(logits, token, best);
        }
        generatedTokens++;
        sequence.Handle.Write(new GeneratedToken(token, logProbability, best));
        if (sequence.Generated < sequence.Settings.MaxTokens && sequence.Length < sequence.Limit) return true;
        Finish(sequence, FinishReason.Length);
        return false;
    }

    private void Finish(Sequence sequence, FinishReason reason, Exception? failure = null)
    {
        scheduler.Remove(sequence);
        finished++;
        sequence.Handle.Finish(reason, failure);
    }

    private void FinishAll(List<Sequence> sequences, FinishReason reason, Exception? failure = null)
    {
        while (sequences.Count > 0) Finish(sequences[^1], reason, failure);
    }

    private void DropCancelled(List<Sequence> sequences)
    {
        for (int i = sequences.Count - 1; i >= 0; i--)
        {
            if (sequences[i].Handle.IsCancelled) Finish(sequences[i], FinishReason.Cancelled);
        }
    }

    private void Publish() => statistics = new EngineStatistics(
        scheduler.Running.Count, scheduler.Waiting.Count, cache.UsedPages, scheduler.IdlePages, cache.MaxPages, cache.ReservedBytes,
        steps, promptTokens, cachedTokens, generatedTokens, scheduler.Preemptions, finished, refused);
}
