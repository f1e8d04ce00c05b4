using System.Diagnostics;
using System.Globalization;

namespace Cria.Cli;

/// <summary>Tells on a status line how many windows of text were run and how long the rest will take.</summary>
internal sealed class WindowProgress(StatusLine status, int windows) : IProgress<int>
{
    private readonly Stopwatch clock = Stopwatch.StartNew();

    public void Report(int value)
    {
        TimeSpan left = clock.Elapsed / value * (windows - value);
        status.Show(string.Create(CultureInfo.InvariantCulture, $"{value} of {windows} windows, {(int)left.TotalMinutes}:{left.Seconds:00} left"));
    }
}
