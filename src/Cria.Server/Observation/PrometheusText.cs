using System.Globalization;
using System.Text;

namespace Cria.Server.Observation;

/// <summary>Writes metrics in Prometheus' text format, version 0.0.4.</summary>
internal sealed class PrometheusText
{
    private readonly StringBuilder text = new();

    /// <summary>A number that only grows.</summary>
    public void Counter(string name, string help, double value, params (string Name, string Value)[] labels)
    {
        Head(name, help, "counter");
        Line(name, value, labels);
    }

    /// <summary>Numbers that only grow, by label.</summary>
    public void Counters(string name, string help, IEnumerable<(double Value, (string Name, string Value)[] Labels)> rows)
    {
        Head(name, help, "counter");
        foreach ((double value, (string, string)[] labels) in rows) Line(name, value, labels);
    }

    /// <summary>A number of this moment.</summary>
    public void Gauge(string name, string help, double value, params (string Name, string Value)[] labels)
    {
        Head(name, help, "gauge");
        Line(name, value, labels);
    }

    /// <summary>A distribution by upper bounds.</summary>
    public void Distribution(string name, string help, Histogram histogram, params (string Name, string Value)[] labels)
    {
        Head(name, help, "histogram");
        long last = 0;
        foreach ((double bound, long count) in histogram.Cumulative())
        {
            Line(name + "_bucket", count, [.. labels, ("le", Number(bound))]);
            last = count;
        }
        Line(name + "_sum", histogram.Sum, labels);
        Line(name + "_count", last, labels);
    }

    /// <summary>A distribution by shares, its values multiplied by <paramref name="unit"/>.</summary>
    public void Summary(string name, string help, Histogram histogram, double unit, params double[] shares)
    {
        Head(name, help, "summary");
        foreach (double share in shares) Line(name, histogram.Quantile(share) * unit, [("quantile", Number(share))]);
        Line(name + "_sum", histogram.Sum * unit, []);
        Line(name + "_count", histogram.Cumulative().Last().Count, []);
    }

    /// <inheritdoc/>
    public override string ToString() => text.ToString();

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNaN(value) ? "NaN" : value.ToString("R", CultureInfo.InvariantCulture);

    private void Head(string name, string help, string type) => text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private void Line(string name, double value, (string Name, string Value)[] labels)
    {
        text.Append(name);
        if (labels.Length > 0) text.Append('{').AppendJoin(',', labels.Select(label => $"{label.Name}=\"{Escaped(label.Value)}\"")).Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Escaped(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
