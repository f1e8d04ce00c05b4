using System.Globalization;
using System.Security;
using System.Text;

namespace Cria.Evaluation.Needles.Reports;

/// <summary>A needle map as the familiar picture: lengths to the right, depths down, red to green.</summary>
public static class HeatMap
{
    private const int Left = 92, Top = 76, Bottom = 96, SmallBottom = 66, Right = 110, CellHeight = 44, LeastCellWidth = 26, MostCellWidth = 84, LeastWidth = 460;
    private const double RoomForNumbers = 34;

    /// <summary>Draws the map as an SVG document.</summary>
    /// <param name="map">The map.</param>
    /// <param name="forced">Whether EasyContext's score is shown, else the share the model wrote by itself.</param>
    public static string Draw(NeedleMap map, bool forced = true)
    {
        ArgumentNullException.ThrowIfNull(map);
        double cell = Math.Clamp(Math.Max(900.0, LeastWidth) / map.Contexts.Count, LeastCellWidth, MostCellWidth);
        double grid = cell * map.Contexts.Count, height = CellHeight * map.Depths.Count, width = Math.Max(LeastWidth, Left + grid + Right);
        bool slanted = cell < 52;
        var svg = new StringBuilder();
        Write(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:0.#} {Top + height + (slanted ? Bottom : SmallBottom):0.#}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n");
        svg.Append("<style>:root{color-scheme:light dark}.paper{fill:#fff}.ink{fill:#1c1e22}.faint{fill:#5c636e}.none{fill:#eceef1}"
            + "@media(prefers-color-scheme:dark){.paper{fill:#16181d}.ink{fill:#eceef1}.faint{fill:#9aa2ae}.none{fill:#2a2d34}}</style>\n");
        Write(svg, $"<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
        Text(svg, Left, 28, $"{map.Model}: needle in a haystack", "ink", "start", 17, bold: true);
        Text(svg, Left, 50, string.Create(CultureInfo.InvariantCulture, $"{(forced ? "every token of the number is the likeliest" : "the model writes the number")}: {(forced ? map.Forced : map.Found):0.0%} of {map.Results.Count()} needles"), "faint", "start");
        for (int row = 0; row < map.Depths.Count; row++)
        {
            double top = Top + row * CellHeight;
            Text(svg, Left - 10, top + CellHeight / 2.0 + 4, map.Depths[row].ToString("0.#%", CultureInfo.InvariantCulture), "faint", "end");
            for (int column = 0; column < map.Contexts.Count; column++) Cell(svg, map.Find(map.Contexts[column], map.Depths[row]), map.Contexts[column], map.Depths[row], Left + column * cell, top, cell, forced);
        }
        for (int column = 0; column < map.Contexts.Count; column++)
        {
            double x = Left + (column + 0.5) * cell, y = Top + height + 18;
            string label = Length(map.Contexts[column]);
            if (slanted) Write(svg, $"<text class=\"faint\" text-anchor=\"end\" transform=\"translate({x + 4:0.#} {y:0.#}) rotate(-45)\">{label}</text>\n");
            else Text(svg, x, y, label, "faint", "middle");
        }
        Text(svg, Left + grid / 2, Top + height + (slanted ? 78 : 48), "context, tokens", "ink", "middle");
        Write(svg, $"<text class=\"ink\" text-anchor=\"middle\" transform=\"translate(26 {Top + height / 2:0.#}) rotate(-90)\">depth of the needle</text>\n");
        Scale(svg, forced ? "scale" : "scale-written", Left + grid + 28, height);
        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>A length as people write it: 4096 as 4k where it divides, else with all digits.</summary>
    internal static string Length(int tokens) => tokens >= 1024 && tokens % 1024 == 0 ? $"{tokens / 1024}k" : tokens.ToString("#,0", CultureInfo.InvariantCulture);

    private static void Cell(StringBuilder svg, NeedleScore? score, int context, double depth, double left, double top, double width, bool forced)
    {
        if (score is null)
        {
            Write(svg, $"<rect class=\"none\" x=\"{left + 1:0.#}\" y=\"{top + 1:0.#}\" width=\"{width - 2:0.#}\" height=\"{CellHeight - 2}\" rx=\"3\"/>\n");
            return;
        }
        double value = forced ? score.Forced : score.Found;
        Write(svg, $"<rect x=\"{left + 1:0.#}\" y=\"{top + 1:0.#}\" width=\"{width - 2:0.#}\" height=\"{CellHeight - 2}\" rx=\"3\" fill=\"{HeatColour.Of(value)}\" data-context=\"{context}\" data-depth=\"{depth}\"><title>{context:#,0} tokens, depth {depth:0.#%}: {value:0.#%}</title></rect>\n");
        if (width >= RoomForNumbers) Write(svg, $"<text x=\"{left + width / 2:0.#}\" y=\"{top + CellHeight / 2.0 + 4:0.#}\" text-anchor=\"middle\" fill=\"#16181d\" pointer-events=\"none\">{value * 100:0}</text>\n");
    }

    /// <summary>The bar of colours. Its name differs from map to map: in a page, one that is hidden would take the colours of both with it.</summary>
    private static void Scale(StringBuilder svg, string name, double left, double height)
    {
        Write(svg, $"<defs><linearGradient id=\"{name}\" x1=\"0\" x2=\"0\" y1=\"1\" y2=\"0\">");
        for (int i = 0; i < HeatColour.Scale.Count; i++) Write(svg, $"<stop offset=\"{(double)i / (HeatColour.Scale.Count - 1):0.##}\" stop-color=\"{HeatColour.Scale[i]}\"/>");
        svg.Append("</linearGradient></defs>\n");
        Write(svg, $"<rect x=\"{left:0.#}\" y=\"{Top}\" width=\"14\" height=\"{height:0.#}\" rx=\"3\" fill=\"url(#{name})\"/>\n");
        foreach (double at in (double[])[0, 0.5, 1]) Text(svg, left + 20, Top + (1 - at) * (height - 10) + 10, at.ToString("0%", CultureInfo.InvariantCulture), "faint", "start");
    }

    private static void Text(StringBuilder svg, double x, double y, string text, string style, string anchor, int size = 12, bool bold = false) =>
        Write(svg, $"<text class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\" font-size=\"{size}\"{(bold ? " font-weight=\"600\"" : "")}>{SecurityElement.Escape(text)}</text>\n");

    private static void Write(StringBuilder svg, FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture));
}
