using System.Globalization;
using Cria.Extension;

namespace Cria.Cli.Extending;

/// <summary>Prints the bases of the Gradient model cards beside those the rules give.</summary>
internal static class ScheduleTable
{
    /// <summary>Prints the table, or JSON.</summary>
    public static void Print(IReadOnlyList<GradientStage> stages, bool asJson, Terminal terminal)
    {
        if (asJson)
        {
            PrintJson(stages, terminal);
            return;
        }
        string[] titles = ["context", "from", "rule", "theta by rule", "on the card", "first config", "critical base", "config today"];
        string[][] rows = [.. stages.Select(stage => new[]
        {
            Whole(stage.Context), Whole(stage.From), stage.ByRule == stage.Critical ? "critical base" : "dynamic NTK, factor 4", Real(stage.ByRule), stage.OnCard ?? "", Published(stage.InFirstConfig), Real(stage.Critical), Published(stage.InConfig),
        })];
        int[] widths = [.. titles.Select((title, column) => rows.Max(row => Math.Max(row[column].Length, title.Length)))];
        terminal.Out.WriteLine(terminal.OnOutput(Line(titles), Ink.Faint));
        foreach (string[] row in rows) terminal.Out.WriteLine(Line(row));
        terminal.Out.WriteLine();
        terminal.Out.WriteLine("Llama 3 8B: heads of 128, base 500,000, trained on 8,192 tokens. The cards show dynamic NTK; the configs published today carry the critical base.");

        string Line(string[] cells) => string.Join("  ", cells.Select((cell, column) => column == 2 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd();
    }

    private static void PrintJson(IReadOnlyList<GradientStage> stages, Terminal terminal) => JsonLine.Write(terminal.Out, indented: true, json =>
    {
        json.WriteStartArray();
        foreach (GradientStage stage in stages)
        {
            json.WriteStartObject();
            json.WriteNumber("context", stage.Context);
            json.WriteNumber("from", stage.From);
            json.WriteNumber("theta", stage.ByRule);
            json.WriteNumber("critical_base", stage.Critical);
            if (stage.OnCard is not null) json.WriteString("card", stage.OnCard);
            if (stage.InFirstConfig is { } first) json.WriteNumber("first_config", first);
            if (stage.InConfig is { } published) json.WriteNumber("config", published);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    private static string Whole(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Published(double? value) => value?.ToString("#,0", CultureInfo.InvariantCulture) ?? "";

    private static string Real(double value) => value.ToString("#,0.000", CultureInfo.InvariantCulture);
}
