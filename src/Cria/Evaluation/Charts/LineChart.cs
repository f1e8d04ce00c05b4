using System.Globalization;
using System.Security;
using System.Text;

namespace Cria.Evaluation.Charts;

/// <summary>A chart of lines as an SVG picture that follows the reader's light or dark theme.</summary>
public sealed class LineChart
{
    private const int Left = 64, Right = 24, Top = 44, Bottom = 52, LegendWidth = 190;
    private static readonly string[] Colours = ["#1f77b4", "#d9622b", "#2a9d5c", "#9b59b6", "#c0392b", "#16a2a2", "#b8860b", "#7f7f7f"];

    private readonly List<LineSeries> series = [];
    private readonly List<(double X, string Name)> marks = [];

    /// <summary>The title.</summary>
    public required string Title { get; init; }

    /// <summary>What x is.</summary>
    public required string XTitle { get; init; }

    /// <summary>What y is.</summary>
    public required string YTitle { get; init; }

    /// <summary>Whether x is drawn by its logarithm.</summary>
    public bool IsLogX { get; init; }

    /// <summary>Width in pixels.</summary>
    public int Width { get; init; } = 900;

    /// <summary>Height in pixels.</summary>
    public int Height { get; init; } = 420;

    /// <summary>Adds a line. Points that are not finite are left out.</summary>
    public void Add(LineSeries line) => series.Add(line with { Points = [.. line.Points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y))] });

    /// <summary>Adds an upright line with a name.</summary>
    public void Mark(double x, string name) => marks.Add((x, name));

    /// <summary>The charts one below the other as one SVG document.</summary>
    public static string Draw(params IReadOnlyList<LineChart> charts)
    {
        int width = charts.Max(chart => chart.Width), height = charts.Sum(chart => chart.Height), top = 0;
        var svg = new StringBuilder();
        Write(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n");
        svg.Append("<style>:root{color-scheme:light dark}.paper{fill:#fff}.ink{fill:#222}.faint{fill:#666}.rule{stroke:#e2e2e2}.mark{stroke:#999;stroke-dasharray:4 3}"
            + "@media(prefers-color-scheme:dark){.paper{fill:#16181d}.ink{fill:#e8e8e8}.faint{fill:#9aa0aa}.rule{stroke:#2c3038}.mark{stroke:#777}}</style>\n");
        Write(svg, $"<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n");
        foreach (LineChart chart in charts)
        {
            Write(svg, $"<g transform=\"translate(0 {top})\">\n");
            chart.DrawInto(svg);
            svg.Append("</g>\n");
            top += chart.Height;
        }
        return svg.Append("</svg>\n").ToString();
    }

    private void DrawInto(StringBuilder svg)
    {
        Text(svg, Left, 24, Title, "ink", "start", 15);
        (double X, double Y)[] all = [.. series.SelectMany(line => line.Points)];
        if (all.Length == 0) return;
        double right = Width - Right - (series.Count > 1 ? LegendWidth : 0);
        Axis x = IsLogX ? Axis.Logarithmic(all.Min(point => point.X), all.Max(point => point.X)) : Axis.Linear(all.Min(point => point.X), all.Max(point => point.X), 8, rounds: false);
        Axis y = Axis.Linear(all.Min(point => point.Y), all.Max(point => point.Y), 6, rounds: true);
        double X(double at) => Left + x.Share(at) * (right - Left);
        double Y(double at) => Height - Bottom - y.Share(at) * (Height - Bottom - Top);
        foreach (double tick in y.Ticks)
        {
            Write(svg, $"<line class=\"rule\" x1=\"{Left}\" x2=\"{right:F1}\" y1=\"{Y(tick):F1}\" y2=\"{Y(tick):F1}\"/>\n");
            Text(svg, Left - 8, Y(tick) + 4, y.Label(tick), "faint", "end");
        }
        foreach (double tick in x.Ticks) Text(svg, X(tick), Height - Bottom + 18, x.Label(tick), "faint", "middle");
        Text(svg, (Left + right) / 2, Height - 10, XTitle, "faint", "middle");
        Write(svg, $"<text class=\"faint\" text-anchor=\"middle\" transform=\"translate(16 {(Height - Bottom + Top) / 2}) rotate(-90)\">{SecurityElement.Escape(YTitle)}</text>\n");
        for (int i = 0; i < marks.Count; i++)
        {
            (double at, string name) = marks[i];
            if (x.Share(at) is < 0 or > 1) continue;
            bool isLate = x.Share(at) > 0.8;
            Write(svg, $"<line class=\"mark\" x1=\"{X(at):F1}\" x2=\"{X(at):F1}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/>\n");
            // Names of neighbours stand one below the other.
            Text(svg, X(at) + (isLate ? -4 : 4), Top + 10 + 14 * (i % 3), name, "faint", isLate ? "end" : "start", 11);
        }
        for (int i = 0; i < series.Count; i++) DrawLine(svg, series[i], Colours[i % Colours.Length], X, Y);
        if (series.Count > 1) DrawLegend(svg, right + 16);
    }

    private static void DrawLine(StringBuilder svg, LineSeries line, string colour, Func<double, double> x, Func<double, double> y)
    {
        if (line.Points.Count == 0) return;
        string points = string.Join(' ', line.Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{x(point.X):F1},{y(point.Y):F1}")));
        Write(svg, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{(line.IsStrong ? 2.5 : 1.5)}\" stroke-linejoin=\"round\" points=\"{points}\"/>\n");
        if (!line.HasDots) return;
        foreach ((double px, double py) in line.Points)
            Write(svg, $"<circle cx=\"{x(px):F1}\" cy=\"{y(py):F1}\" r=\"3\" fill=\"{colour}\"><title>{px:#,0.###}: {py:0.####}</title></circle>\n");
    }

    private void DrawLegend(StringBuilder svg, double left)
    {
        for (int i = 0; i < series.Count; i++)
        {
            double top = Top + 12 + 20 * i;
            Write(svg, $"<line x1=\"{left:F1}\" x2=\"{left + 18:F1}\" y1=\"{top - 4:F1}\" y2=\"{top - 4:F1}\" stroke=\"{Colours[i % Colours.Length]}\" stroke-width=\"{(series[i].IsStrong ? 3 : 2)}\"/>\n");
            Text(svg, left + 24, top, series[i].Name, "ink", "start");
        }
    }

    private static void Text(StringBuilder svg, double x, double y, string text, string style, string anchor, int size = 12) =>
        Write(svg, $"<text class=\"{style}\" x=\"{x:F1}\" y=\"{y:F1}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{SecurityElement.Escape(text)}</text>\n");

    private static void Write(StringBuilder svg, FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture));
}
