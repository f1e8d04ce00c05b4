using System.Diagnostics;
using System.Threading.Channels;

namespace Cria.Generation;

/// <summary>An answer in the making: its tokens as they come. One reader; cancelling is safe from any thread and takes effect at the next step.</summary>
public sealed class TokenStream : IAsyncEnumerable<GeneratedToken>
{
    private readonly Channel<GeneratedToken> channel = Channel.CreateUnbounded<GeneratedToken>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource<FinishReason> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long submitted = Stopwatch.GetTimestamp();
    private long started;
    private long firstToken;
    private long lastToken;
    private int generated;
    private int cached;
    private volatile bool cancelled;

    internal TokenStream(int promptTokens, int sample, ulong seed)
    {
        PromptTokens = promptTokens;
        Sample = sample;
        Seed = seed;
        // A failure is reported where the tokens are read; nobody need look at the task.
        _ = completion.Task.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; }

    /// <summary>Number of this answer among those to the same request, from 0.</summary>
    public int Sample { get; }

    /// <summary>The seed in use: the one asked for, or the one drawn.</summary>
    public ulong Seed { get; }

    /// <summary>Completes with the reason when the answer has ended; fails when it failed.</summary>
    public Task<FinishReason> Completion => completion.Task;

    /// <summary>The stop token that ended the answer; null when none did.</summary>
    public int? StopToken { get; internal set; }

    /// <summary>What the answer has cost so far.</summary>
    public GenerationUsage Usage
    {
        get
        {
            long begin = Volatile.Read(ref started), first = Volatile.Read(ref firstToken), last = Volatile.Read(ref lastToken), now = Stopwatch.GetTimestamp();
            if (begin == 0) begin = now;
            if (first == 0) first = Math.Max(begin, last == 0 ? now : last);
            if (last == 0) last = first;
            return new GenerationUsage(PromptTokens, Volatile.Read(ref cached), Volatile.Read(ref generated),
                Stopwatch.GetElapsedTime(submitted, begin), Stopwatch.GetElapsedTime(begin, first), Stopwatch.GetElapsedTime(first, Math.Max(first, last)));
        }
    }

    internal bool IsCancelled => cancelled;

    /// <summary>Stops the answer; nothing happens when it has ended. Its place is free at the next step.</summary>
    public void Cancel() => cancelled = true;

    /// <summary>
    /// The tokens as they come. Leaving the loop early cancels the answer. Throws <see cref="OperationCanceledException"/> at once when <paramref name="cancellationToken"/> asks,
    /// and the failure when there was one.
    /// </summary>
    public async IAsyncEnumerator<GeneratedToken> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        await using CancellationTokenRegistration registration = cancellationToken.Register(() =>
        {
            // In this order, or the engine might end the answer first, as one that was merely stopped.
            channel.Writer.TryComplete(new OperationCanceledException(cancellationToken));
            Cancel();
        });
        try
        {
            // Without a token, because a wait that can be cancelled allocates.
            while (await channel.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
            {
                while (channel.Reader.TryRead(out GeneratedToken token))
                {
                    // Tokens that came before the reader took them are not what somebody who has cancelled waits for.
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return token;
                }
            }
        }
        finally
        {
            Cancel();
        }
    }

    /// <summary>Called when a sequence gets its place; the first time counts.</summary>
    internal void Started(int cachedTokens)
    {
        if (started != 0) return;
        Volatile.Write(ref cached, Math.Min(cachedTokens, PromptTokens));
        Volatile.Write(ref started, Stopwatch.GetTimestamp());
    }

    internal void Write(in GeneratedToken token)
    {
        long now = Stopwatch.GetTimestamp();
        if (firstToken == 0) Volatile.Write(ref firstToken, now);
        Volatile.Write(ref lastToken, now);
        Volatile.Write(ref generated, generated + 1);
        channel.Writer.TryWrite(token);
    }

    internal void Finish(FinishReason reason, Exception? failure = null)
    {
        if (lastToken == 0) Volatile.Write(ref lastToken, Stopwatch.GetTimestamp());
        if (failure is null) completion.TrySetResult(reason);
        else completion.TrySetException(failure);
        channel.Writer.TryComplete(failure);
    }
}
