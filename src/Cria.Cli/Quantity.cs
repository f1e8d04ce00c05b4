using System.Globalization;

namespace Cria.Cli;

/// <summary>Numbers as people read them.</summary>
internal static class Quantity
{
    /// <summary>Bytes with a binary unit: 4.34 GiB.</summary>
    public static string Bytes(long count) => count switch
    {
        < 1 << 10 => Format($"{count} bytes"),
        < 1 << 20 => Scaled(count, 1 << 10, "KiB"),
        < 1 << 30 => Scaled(count, 1 << 20, "MiB"),
        _ => Scaled(count, 1 << 30, "GiB"),
    };

    /// <summary>A count with a letter for thousands: 8.03B.</summary>
    public static string Count(long count) => count switch
    {
        < 1_000 => Format($"{count}"),
        < 1_000_000 => Scaled(count, 1_000, "K", ""),
        < 1_000_000_000 => Scaled(count, 1_000_000, "M", ""),
        < 1_000_000_000_000 => Scaled(count, 1_000_000_000, "B", ""),
        _ => Scaled(count, 1_000_000_000_000, "T", ""),
    };

    /// <summary>All digits, in groups of three: 128,256.</summary>
    public static string Exact(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A part of one: 5%, with decimals 5.0%.</summary>
    public static string Share(double share, int decimals = 0) => (100 * share).ToString(decimals == 0 ? "0" : "0." + new string('0', decimals), CultureInfo.InvariantCulture) + "%";

    /// <summary>So many of a thing: 1 row, 2,000 rows.</summary>
    public static string Of(long count, string thing) => $"{Exact(count)} {thing}{(count == 1 ? "" : "s")}";

    /// <summary>A time in its two largest units: 2h05m, 3m20s, 13s.</summary>
    public static string Time(TimeSpan time) => time.TotalHours >= 1 ? Format($"{(int)time.TotalHours}h{time.Minutes:00}m") : time.TotalMinutes >= 1 ? Format($"{time.Minutes}m{time.Seconds:00}s") : Format($"{time.Seconds}s");

    private static string Scaled(long count, long unit, string name, string space = " ")
    {
        double value = (double)count / unit;
        string digits = value.ToString(value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0", CultureInfo.InvariantCulture);
        return digits + space + name;
    }

    private static string Format(FormattableString text) => FormattableString.Invariant(text);
}
