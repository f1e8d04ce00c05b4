using System.Globalization;

namespace Cria.Evaluation.Charts;

/// <summary>Turns values into shares of a length, with round numbers to label it.</summary>
internal sealed class Axis
{
    private readonly double from;
    private readonly double to;
    private readonly bool isLogarithmic;

    private Axis(double from, double to, bool isLogarithmic, IReadOnlyList<double> ticks)
    {
        this.from = from;
        this.to = to;
        this.isLogarithmic = isLogarithmic;
        Ticks = ticks;
    }

    /// <summary>Values to label.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>An even axis; where it <paramref name="rounds"/>, its ends are moved out to the next labels.</summary>
    public static Axis Linear(double least, double most, int labels, bool rounds)
    {
        double step = NiceStep(Math.Max(most - least, 1e-9) / labels);
        double from = rounds ? Math.Floor(least / step) * step : least, to = rounds ? Math.Ceiling(most / step) * step : most;
        if (to <= from) to = from + step;
        var ticks = new List<double>();
        for (double at = Math.Ceiling(from / step - 1e-9) * step; at <= to + step * 1e-6; at += step) ticks.Add(Math.Abs(at) < step * 1e-6 ? 0 : at);
        return new Axis(from, to, false, ticks);
    }

    /// <summary>An axis of orders of magnitude.</summary>
    public static Axis Logarithmic(double least, double most)
    {
        double from = Math.Log10(least), to = Math.Log10(most);
        if (to - from < 1e-6) to = from + 1;
        double[] factors = to - from > 3 ? [1] : to - from > 1 ? [1, 3] : [1, 2, 3, 5, 7];
        var ticks = new List<double>();
        for (int power = (int)Math.Floor(from); power <= Math.Ceiling(to); power++)
            foreach (double factor in factors)
                if (factor * Math.Pow(10, power) is double tick && Math.Log10(tick) >= from - 1e-9 && Math.Log10(tick) <= to + 1e-9) ticks.Add(tick);
        return new Axis(from, to, true, ticks);
    }

    /// <summary>Where a value lies: 0 at the beginning, 1 at the end.</summary>
    public double Share(double value) => ((isLogarithmic ? Math.Log10(value) : value) - from) / (to - from);

    /// <summary>A value as it is written beside the axis.</summary>
    public string Label(double value) => (Math.Abs(value), isLogarithmic) switch
    {
        ( >= 1e9, _) => Short(value / 1e9, "B"),
        ( >= 1e6, _) => Short(value / 1e6, "M"),
        ( >= 1e4, _) => Short(value / 1e3, "k"),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };

    private static string Short(double value, string unit) => value.ToString("0.###", CultureInfo.InvariantCulture) + unit;

    /// <summary>1, 2 or 5 times a power of ten, at least <paramref name="least"/>.</summary>
    private static double NiceStep(double least)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        foreach (int factor in (int[])[1, 2, 5]) if (factor * power >= least * (1 - 1e-9)) return factor * power;
        return 10 * power;
    }
}
