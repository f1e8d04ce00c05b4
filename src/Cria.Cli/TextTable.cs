namespace Cria.Cli;

/// <summary>Rows in columns, two spaces apart, under a faint line of titles.</summary>
internal static class TextTable
{
    /// <summary>Prints the table on standard output.</summary>
    public static void Write(Terminal terminal, string[] titles, IReadOnlyList<string[]> rows, int rightAligned)
    {
        int[] widths = [.. titles.Select((title, column) => rows.Select(row => row[column].Length).Append(title.Length).Max())];
        terminal.Out.WriteLine(terminal.OnOutput(Line(titles), Ink.Faint));
        foreach (string[] row in rows) terminal.Out.WriteLine(Line(row));

        string Line(string[] cells) => string.Join("  ", cells.Select((cell, column) => column == rightAligned ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd();
    }
}
