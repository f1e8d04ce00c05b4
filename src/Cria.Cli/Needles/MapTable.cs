using System.Globalization;
using Cria.Evaluation.Needles;
using Cria.Evaluation.Needles.Reports;

namespace Cria.Cli.Needles;

/// <summary>Prints a needle map: lengths to the right, depths down, percent in the cells.</summary>
internal static class MapTable
{
    private const int CellWidth = 7;

    /// <summary>Prints it. <paramref name="madeFor"/> is the model's own context where the map goes beyond it.</summary>
    public static void Print(NeedleMap map, long? madeFor, string? folder, Terminal terminal)
    {
        terminal.Out.WriteLine(terminal.OnOutput($"{map.Model}: needle in a haystack, % of teacher-forced answers right", Ink.Strong));
        terminal.Out.WriteLine(terminal.OnOutput("depth  " + string.Concat(map.Contexts.Select(context => context.ToString(CultureInfo.InvariantCulture).PadLeft(CellWidth))), Ink.Faint));
        foreach (double depth in map.Depths)
        {
            terminal.Out.Write(depth.ToString("0.#%", CultureInfo.InvariantCulture).PadRight(7));
            foreach (int context in map.Contexts) terminal.Out.Write(Coloured(map.Find(context, depth), terminal));
            terminal.Out.WriteLine();
        }
        terminal.Out.WriteLine();
        Row("teacher-forced", Percent(map.Forced) + ": every token of the number the likeliest");
        Row("written freely", Percent(map.Found));
        Row("needles", map.Results.Count().ToString(CultureInfo.InvariantCulture));
        if (map.PromptTokens > 0)
            Row("shared", string.Create(CultureInfo.InvariantCulture, $"{Quantity.Exact(map.CachedTokens)} of {Quantity.Exact(map.PromptTokens)} prompt tokens ({(double)map.CachedTokens / map.PromptTokens:0%}) were computed once for several cells"));
        Row("time", string.Create(CultureInfo.InvariantCulture, $"{map.Seconds:0.0} s"));
        if (madeFor is { } own) terminal.Out.WriteLine($"The map goes beyond the {Quantity.Exact(own)} tokens the model was made for.");
        if (folder is not null) Row("written", string.Join(", ", new[] { NeedleFiles.Page, NeedleFiles.Svg, NeedleFiles.Json, NeedleFiles.Csv }.Select(name => Path.Combine(folder, name))));

        void Row(string name, string value) => terminal.Out.WriteLine($"{terminal.OnOutput(name.PadRight(15), Ink.Faint)} {value}");
    }

    /// <summary>A cell on its colour where a person looks on.</summary>
    private static string Coloured(NeedleScore? score, Terminal terminal)
    {
        if (score is null) return "-".PadLeft(CellWidth);
        string text = Math.Round(100 * score.Forced).ToString(CultureInfo.InvariantCulture).PadLeft(CellWidth - 1) + " ";
        return terminal.OnOutput(text, HeatColour.Of(score.Forced));
    }

    private static string Percent(double share) => share.ToString("0.0%", CultureInfo.InvariantCulture);
}
