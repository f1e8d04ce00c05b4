using System.Globalization;
using System.Text;
using Cria.Tensors;

namespace Cria.Training.Reports;

/// <summary>The loss over the steps as an SVG picture: each step faint, their running mean strong, validation as dots.</summary>
public static class LossCurve
{
    private const int Width = 800, Height = 420, Left = 56, Right = 16, Top = 40, Bottom = 44;
    private const int MostPoints = 800;

    /// <summary>Draws the curve and writes it.</summary>
    public static void Write(string path, string title, IReadOnlyList<LogEntry> entries)
    {
        try
        {
            string whole = path + ".partial";
            File.WriteAllText(whole, Draw(title, entries));
            File.Move(whole, path, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path} cannot be written: {failure.Message.ReplaceLineEndings(" ")}; free space or choose another place", failure);
        }
    }

    /// <summary>The picture.</summary>
    public static string Draw(string title, IReadOnlyList<LogEntry> entries)
    {
        LogEntry[] finite = [.. entries.Where(entry => double.IsFinite(entry.Loss))];
        var svg = new StringBuilder();
        Add(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<rect width=\"{Width}\" height=\"{Height}\" fill=\"#ffffff\"/>\n");
        Add(svg, $"<text x=\"{Left}\" y=\"24\" font-size=\"15\" fill=\"#202020\">{System.Security.SecurityElement.Escape(title)}</text>\n");
        if (finite.Length > 0) DrawCurves(svg, finite);
        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static void DrawCurves(StringBuilder svg, LogEntry[] entries)
    {
        double[] mean = RunningMean(entries);
        double first = entries[0].Step, last = Math.Max(first + 1, entries[^1].Step);
        double highest = Math.Max(entries[0].Loss, mean.Max()), lowest = Math.Min(mean.Min(), entries.Min(entry => entry.ValidationLoss ?? double.MaxValue));
        double step = NiceStep((highest - Math.Min(lowest, highest)) / 5);
        double bottom = Math.Floor(lowest / step) * step, top = Math.Max(bottom + step, Math.Ceiling(highest / step) * step);
        double X(double at) => Left + (at - first) / (last - first) * (Width - Left - Right);
        double Y(double loss) => Top + (top - Math.Clamp(loss, bottom, top)) / (top - bottom) * (Height - Top - Bottom);
        for (double value = bottom; value <= top + step / 2; value += step)
        {
            Add(svg, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(value):F1}\" y2=\"{Y(value):F1}\" stroke=\"#e4e4e4\"/>\n<text x=\"{Left - 8}\" y=\"{Y(value) + 4:F1}\" text-anchor=\"end\" fill=\"#606060\">{value:0.###}</text>\n");
        }
        double stride = NiceStep((last - first) / 6);
        for (double at = Math.Ceiling(first / stride) * stride; at <= last; at += stride)
            Add(svg, $"<text x=\"{X(at):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\" fill=\"#606060\">{at:0}</text>\n");
        Add(svg, $"<text x=\"{(Width + Left) / 2}\" y=\"{Height - 8}\" text-anchor=\"middle\" fill=\"#606060\">step</text>\n");
        int every = Math.Max(1, entries.Length / MostPoints);
        Line(svg, "#9ec5e8", 1, Enumerable.Range(0, entries.Length).Where(i => i % every == 0).Select(i => (X(entries[i].Step), Y(entries[i].Loss))));
        Line(svg, "#1f6fb2", 2, Enumerable.Range(0, entries.Length).Where(i => i % every == 0 || i == entries.Length - 1).Select(i => (X(entries[i].Step), Y(mean[i]))));
        LogEntry[] measured = [.. entries.Where(entry => entry.ValidationLoss is { } loss && double.IsFinite(loss))];
        Line(svg, "#d9622b", 1.5, measured.Select(entry => (X(entry.Step), Y(entry.ValidationLoss!.Value))));
        foreach (LogEntry entry in measured) Add(svg, $"<circle cx=\"{X(entry.Step):F1}\" cy=\"{Y(entry.ValidationLoss!.Value):F1}\" r=\"2.5\" fill=\"#d9622b\"/>\n");
        Legend(svg, "#1f6fb2", string.Create(CultureInfo.InvariantCulture, $"training {mean[^1]:F3}"), 0);
        if (measured.Length > 0) Legend(svg, "#d9622b", string.Create(CultureInfo.InvariantCulture, $"validation {measured[^1].ValidationLoss:F3}"), 1);
    }

    private static double[] RunningMean(LogEntry[] entries)
    {
        var mean = new double[entries.Length];
        double keep = 1 - 1 / Math.Clamp(entries.Length / 40.0, 1, 50);
        for (int i = 0; i < entries.Length; i++) mean[i] = i == 0 ? entries[0].Loss : keep * mean[i - 1] + (1 - keep) * entries[i].Loss;
        return mean;
    }

    /// <summary>1, 2 or 5 times a power of ten, at least <paramref name="least"/>.</summary>
    private static double NiceStep(double least)
    {
        if (!(least > 1e-9)) return 1;
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        foreach (int factor in (int[])[1, 2, 5]) if (factor * power >= least) return factor * power;
        return 10 * power;
    }

    private static void Line(StringBuilder svg, string colour, double width, IEnumerable<(double X, double Y)> points)
    {
        string path = string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.X:F1},{point.Y:F1}")));
        if (path.Length > 0) Add(svg, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\" points=\"{path}\"/>\n");
    }

    private static void Legend(StringBuilder svg, string colour, string text, int row) =>
        Add(svg, $"<text x=\"{Width - Right}\" y=\"{Top + 16 + 18 * row}\" text-anchor=\"end\" fill=\"{colour}\" font-weight=\"600\">{text}</text>\n");

    private static void Add(StringBuilder svg, FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture));
}
