using Cria.Tensors;

namespace Cria.Hub;

/// <summary>Pauses between attempts: doubling, a little random, as long as the server asks, and bounded. One serves one transfer.</summary>
internal sealed class Backoff(HubOptions options)
{
    private int failures;

    /// <summary>Forgets the failures so far: something has arrived.</summary>
    public void Progressed() => failures = 0;

    /// <summary>Waits before the next attempt. Throws <see cref="CriaException"/> when there have been enough.</summary>
    /// <param name="problem">What went wrong, to begin the message with: <c>huggingface.co answers 503</c>.</param>
    /// <param name="remedy">What to do about it.</param>
    /// <param name="wanted">How long the server asks to wait; null where it does not.</param>
    /// <param name="cause">The failure; null where there is none but an answer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WaitAsync(string problem, string remedy, TimeSpan? wanted, Exception? cause, CancellationToken cancellationToken)
    {
        if (wanted > options.LongestPause) throw new CriaException($"{problem} and asks to wait {Math.Ceiling(wanted.Value.TotalSeconds):0} s; {remedy}", cause);
        if (++failures >= options.Attempts) throw new CriaException($"{problem} ({failures} attempts); {remedy}", cause);
        TimeSpan pause = options.FirstPause * Math.Pow(2, failures - 1) * (0.75 + (0.5 * Random.Shared.NextDouble()));
        pause = pause < options.LongestPause ? pause : options.LongestPause;
        await options.Pause(wanted > pause ? wanted.Value : pause, cancellationToken).ConfigureAwait(false);
    }
}
