using System.Diagnostics;

namespace Cria.Server.Access;

/// <summary>How often each caller may ask: a bucket of a minute's requests that refills evenly. Safe for concurrent use.</summary>
internal sealed class RequestRate(int? perMinute)
{
    private const int MostCallers = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, (double Left, long At)> callers = new(StringComparer.Ordinal);

    /// <summary>Counts a request. Throws where the caller has asked too often.</summary>
    public void Admit(string caller)
    {
        if (perMinute is not { } most) return;
        long now = Stopwatch.GetTimestamp();
        double left;
        lock (gate)
        {
            left = callers.TryGetValue(caller, out (double Left, long At) known) ? Math.Min(most, known.Left + Stopwatch.GetElapsedTime(known.At, now).TotalMinutes * most) : most;
            if (left >= 1)
            {
                // Whoever has not asked for a minute has a full bucket, as a stranger has.
                if (callers.Count >= MostCallers && !callers.ContainsKey(caller)) Forget(now);
                callers[caller] = (left - 1, now);
                return;
            }
        }
        throw new ApiException(429, $"this server takes {most} requests a minute from you; try again later", code: "rate_limit_exceeded") { RetryAfter = Math.Max(1, (int)Math.Ceiling((1 - left) * 60 / most)) };
    }

    private void Forget(long now)
    {
        foreach (string caller in callers.Where(entry => Stopwatch.GetElapsedTime(entry.Value.At, now).TotalMinutes >= 1).Select(entry => entry.Key).ToArray()) callers.Remove(caller);
        if (callers.Count >= MostCallers) callers.Clear();
    }
}
