using System.Globalization;

namespace Cria.Load.Speed;

/// <summary>Rows of a Markdown table.</summary>
internal static class Table
{
    /// <summary>Writes a row.</summary>
    public static void Row(string what, double value, int digits = 1) => Console.WriteLine($"| {what} | {value.ToString("F" + digits, CultureInfo.InvariantCulture)} |");

    /// <summary>The middle one, or the mean of the two in the middle.</summary>
    public static double Median(IReadOnlyList<double> values) => (values.Order().ElementAt((values.Count - 1) / 2) + values.Order().ElementAt(values.Count / 2)) / 2;
}
