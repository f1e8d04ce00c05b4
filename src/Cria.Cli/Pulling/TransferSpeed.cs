using System.Diagnostics;
using System.Globalization;

namespace Cria.Cli.Pulling;

/// <summary>Speed and time left of a transfer, from its last ten seconds.</summary>
internal sealed class TransferSpeed
{
    private const double WindowSeconds = 10, ShortestSeconds = 0.5;
    private readonly Queue<(double Time, long Bytes)> samples = [];

    /// <summary>Notes how many bytes have arrived in this run.</summary>
    public void Note(long bytes) => Note(bytes, Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency);

    /// <summary>Notes how many bytes have arrived by a time in seconds.</summary>
    public void Note(long bytes, double time)
    {
        // A sample a tenth of a second is enough, however often bytes are reported.
        if (samples.Count > 1 && time - samples.Last().Time < WindowSeconds / 100) return;
        samples.Enqueue((time, bytes));
        while (samples.Count > 2 && time - samples.Peek().Time > WindowSeconds) samples.Dequeue();
    }

    /// <summary>Bytes a second; 0 until it can be told.</summary>
    public double BytesPerSecond
    {
        get
        {
            if (samples.Count < 2) return 0;
            ((double start, long first), (double end, long last)) = (samples.Peek(), samples.Last());
            return end - start < ShortestSeconds ? 0 : (last - first) / (end - start);
        }
    }

    /// <summary>For the eye: <c>1.20 of 4.58 GiB  55.1 MiB/s  1:02 left</c>.</summary>
    public string Describe(long done, long total)
    {
        double speed = BytesPerSecond;
        string text = $"{Quantity.Bytes(done)} of {Quantity.Bytes(total)}";
        if (speed < 1) return text;
        return $"{text}  {Quantity.Bytes((long)speed)}/s" + (done < total ? $"  {Time((total - done) / speed)} left" : "");
    }

    /// <summary>Minutes and seconds: 1:02.</summary>
    public static string Time(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Min(Math.Ceiling(seconds), 359_999));
        return string.Create(CultureInfo.InvariantCulture, $"{(time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time.Minutes:00}" : $"{time.Minutes}")}:{time.Seconds:00}");
    }
}
