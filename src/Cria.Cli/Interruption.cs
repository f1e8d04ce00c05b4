using System.Runtime.InteropServices;

namespace Cria.Cli;

/// <summary>
/// Ctrl-C (and SIGTERM) as a cancellation. The first asks the work to stop; the second, should it not listen, ends the process.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration interrupt;
    private readonly PosixSignalRegistration terminate;
    private CancellationTokenSource? answer;

    /// <summary>Starts listening.</summary>
    public Interruption()
    {
        interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    /// <summary>Cancelled when the program should stop.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>While the returned scope lives, Ctrl-C cancels it alone and the program goes on.</summary>
    public CancellationTokenSource BeginAnswer()
    {
        var scope = CancellationTokenSource.CreateLinkedTokenSource(source.Token);
        Interlocked.Exchange(ref answer, scope);
        return scope;
    }

    /// <summary>Ends the scope: Ctrl-C stops the program again.</summary>
    public void EndAnswer() => Interlocked.Exchange(ref answer, null);

    /// <inheritdoc/>
    public void Dispose()
    {
        interrupt.Dispose();
        terminate.Dispose();
        source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        CancellationTokenSource? scope = context.Signal == PosixSignal.SIGINT ? Interlocked.Exchange(ref answer, null) : null;
        if (scope is null && source.IsCancellationRequested) return;
        context.Cancel = true;
        (scope ?? source).Cancel();
    }
}
