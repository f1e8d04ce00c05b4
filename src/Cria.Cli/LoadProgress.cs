using System.Globalization;
using System.Text;

namespace Cria.Cli;

/// <summary>A bar on standard error while a model loads. Appears only on a terminal and only when loading takes a while; leaves nothing behind.</summary>
internal sealed class LoadProgress(Terminal terminal, string name, CancellationToken cancellationToken) : IProgress<double>, IDisposable
{
    private const int BarCells = 30;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    private readonly long started = System.Diagnostics.Stopwatch.GetTimestamp();
    private readonly Lock drawing = new();
    private TimeSpan drawn;
    private bool isShown;

    /// <summary>Shows the share done, 0 to 1. Throws <see cref="OperationCanceledException"/> when the user has had enough: loading has no other ear.</summary>
    public void Report(double value)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!terminal.ErrorIsTerminal) return;
        TimeSpan elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(started);
        lock (drawing)
        {
            if (elapsed < Patience || elapsed - drawn < Pace) return;
            drawn = elapsed;
            isShown = true;
            terminal.Error.Write(Line(value));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (drawing)
        {
            if (isShown) terminal.Error.Write("\r\e[K");
            isShown = false;
        }
    }

    private string Line(double share)
    {
        int filled = (int)Math.Round(Math.Clamp(share, 0, 1) * BarCells);
        var line = new StringBuilder("\r\e[K");
        line.Append("Loading ").Append(name).Append(' ');
        line.Append(terminal.OnError(new string('━', filled), Ink.Accent)).Append(terminal.OnError(new string('━', BarCells - filled), Ink.Faint));
        return line.Append(CultureInfo.InvariantCulture, $" {share * 100,3:0}%").ToString();
    }
}
