using System.Diagnostics;
using System.Globalization;

namespace Cria.Cli;

/// <summary>One line on standard error with a bar, what is done and the time left, for work that knows its share; only where a person looks on. It leaves nothing behind.</summary>
internal sealed class WorkBar(Terminal terminal) : IDisposable
{
    private const int Cells = 24;

    private readonly StatusLine line = new(terminal);
    private readonly Stopwatch clock = Stopwatch.StartNew();

    /// <summary>Shows the share done, from 0 to 1.</summary>
    public void Show(double share, string text)
    {
        int full = (int)(Math.Clamp(share, 0, 1) * Cells);
        TimeSpan left = clock.Elapsed * ((1 - share) / Math.Max(share, 1e-9));
        string time = left.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)left.TotalHours}:{left.Minutes:00}:{left.Seconds:00}") : string.Create(CultureInfo.InvariantCulture, $"{left.Minutes}:{left.Seconds:00}");
        line.Show($"{new string('█', full)}{new string('░', Cells - full)} {text}, {time} left");
    }

    /// <inheritdoc/>
    public void Dispose() => line.Dispose();
}
