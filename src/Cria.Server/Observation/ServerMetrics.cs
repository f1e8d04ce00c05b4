using System.Collections.Concurrent;
using Cria.Generation;

namespace Cria.Server.Observation;

/// <summary>What the server has done, beyond what the engine counts itself. Safe for concurrent use.</summary>
internal sealed class ServerMetrics
{
    private readonly ConcurrentDictionary<(string Route, int Status), long> requests = new();
    private readonly ConcurrentDictionary<string, long> answers = new();
    private int current, currentAsked;
    private long asked, askedAnswers;

    /// <summary>Requests that ended, by route and HTTP status; 499 is a client that left.</summary>
    public IEnumerable<(string Route, int Status, long Count)> Requests => requests.Select(entry => (entry.Key.Route, entry.Key.Status, entry.Value)).Order();

    /// <summary>Answers that ended, by reason.</summary>
    public IEnumerable<(string Reason, long Count)> Answers => answers.Select(entry => (entry.Key, entry.Value)).Order();

    /// <summary>Requests in hand.</summary>
    public int Current => Volatile.Read(ref current);

    /// <summary>Requests for answers, those in hand included.</summary>
    public long Asked => Volatile.Read(ref asked);

    /// <summary>Requests for answers in hand.</summary>
    public int CurrentAsked => Volatile.Read(ref currentAsked);

    /// <summary>Answers asked for, of which a request may want several.</summary>
    public long AskedAnswers => Volatile.Read(ref askedAnswers);

    /// <summary>From the request to the first token.</summary>
    public Histogram TimeToFirstToken { get; } = new(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60);

    /// <summary>From a token to the next, the mean of an answer.</summary>
    public Histogram TimePerToken { get; } = new(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5);

    /// <summary>From the request until its first step.</summary>
    public Histogram QueueTime { get; } = new(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60);

    /// <summary>From the request to the last token.</summary>
    public Histogram Duration { get; } = new(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600);

    /// <summary>Time spent on prompts.</summary>
    public Histogram PromptTime { get; } = new(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60);

    /// <summary>Time spent on answers after their first token.</summary>
    public Histogram DecodeTime { get; } = new(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600);

    /// <summary>Tokens of prompts.</summary>
    public Histogram PromptLength { get; } = new(1, 8, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072);

    /// <summary>Tokens of answers.</summary>
    public Histogram AnswerLength { get; } = new(1, 8, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072);

    /// <summary>Share of a prompt's tokens that were found in the cache.</summary>
    public Histogram CachedShare { get; } = new(0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1);

    /// <summary>A request begins.</summary>
    public void Begin() => Interlocked.Increment(ref current);

    /// <summary>A request has ended.</summary>
    public void End(string route, int status)
    {
        Interlocked.Decrement(ref current);
        requests.AddOrUpdate((route, status), 1, (_, count) => count + 1);
    }

    /// <summary>A request asks for answers.</summary>
    public void Ask(int answerCount)
    {
        Interlocked.Increment(ref asked);
        Interlocked.Increment(ref currentAsked);
        Interlocked.Add(ref askedAnswers, answerCount);
    }

    /// <summary>All answers of a request have ended.</summary>
    public void EndAsked() => Interlocked.Decrement(ref currentAsked);

    /// <summary>An answer has ended.</summary>
    public void Answered(GenerationUsage usage, string reason)
    {
        answers.AddOrUpdate(reason, 1, (_, count) => count + 1);
        if (usage.GeneratedTokens == 0) return;
        PromptLength.Observe(usage.PromptTokens);
        AnswerLength.Observe(usage.GeneratedTokens);
        CachedShare.Observe((double)usage.CachedTokens / usage.PromptTokens);
        TimeToFirstToken.Observe(usage.QueueTime + usage.PromptTime);
        if (usage.GeneratedTokens > 1) TimePerToken.Observe(usage.DecodeTime / (usage.GeneratedTokens - 1));
        QueueTime.Observe(usage.QueueTime);
        PromptTime.Observe(usage.PromptTime);
        DecodeTime.Observe(usage.DecodeTime);
        Duration.Observe(usage.QueueTime + usage.PromptTime + usage.DecodeTime);
    }
}
