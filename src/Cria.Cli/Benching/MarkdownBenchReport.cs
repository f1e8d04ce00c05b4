using System.Globalization;

namespace Cria.Cli.Benching;

/// <summary>A Markdown table whose rows appear as they are measured, in columns that stand straight in a terminal too.</summary>
internal sealed class MarkdownBenchReport(Terminal terminal) : BenchReport(terminal)
{
    private const int TestColumn = 5;

    private readonly (string Title, int Width, bool IsNumber)[] columns =
    [
        ("model", 20, false), ("type", 7, false), ("size", 10, true), ("params", 7, true), ("threads", 7, true), ("test", 12, false), ("tokens/s", 17, true), ("share", 5, true), ("of limit", 18, false),
    ];

    /// <inheritdoc/>
    public override void Begin(BenchPlan plan)
    {
        // "answer 128 after 131072" is longer than tests without a depth.
        if (plan.Depths.Any(depth => depth > 0)) columns[TestColumn].Width = 23;
        Line([.. columns.Select(column => column.Title)]);
        Output.WriteLine("|" + string.Concat(columns.Select(column => column.IsNumber ? new string('-', column.Width + 1) + ":|" : new string('-', column.Width + 2) + "|")));
        Output.Flush();
    }

    /// <inheritdoc/>
    public override void Add(BenchRow row)
    {
        Line(
        [
            row.Model.Name.Replace('|', '/'), row.Model.FileType, Quantity.Bytes(row.Model.WeightBytes), Quantity.Count(row.Model.ParameterCount),
            row.Threads.ToString(CultureInfo.InvariantCulture), row.Test,
            FormattableString.Invariant($"{row.Result.TokensPerSecond:0.00} ± {row.Result.Deviation:0.00}"),
            FormattableString.Invariant($"{row.Limit.Share:0%}"), row.Limit.Name,
        ]);
        Output.Flush();
    }

    /// <inheritdoc/>
    public override void End() { }

    private void Line(string[] cells) =>
        Output.WriteLine("|" + string.Concat(cells.Zip(columns, (cell, column) => $" {(column.IsNumber ? cell.PadLeft(column.Width) : cell.PadRight(column.Width))} |")));
}
