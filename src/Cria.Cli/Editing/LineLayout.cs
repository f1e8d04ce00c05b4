using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Cria.Cli.Editing;

/// <summary>Where text being typed lands on the screen: rows as wide as the terminal, and the cursor's place.</summary>
/// <param name="Rows">Text of each row, prompts included.</param>
/// <param name="CursorRow">Row of the cursor.</param>
/// <param name="CursorColumn">Column of the cursor.</param>
internal sealed record LineLayout(IReadOnlyList<string> Rows, int CursorRow, int CursorColumn)
{
    /// <summary>Lays out <paramref name="text"/> after <paramref name="prompt"/>; lines after a line break begin with <paramref name="continuation"/>.</summary>
    public static LineLayout Of(string prompt, string continuation, string text, int cursor, int width)
    {
        var rows = new List<string>();
        var row = new StringBuilder(prompt);
        int column = prompt.GetCellWidth(), cursorRow = 0, cursorColumn = column, position = 0;
        foreach (string element in Elements(text))
        {
            // Nothing a terminal would obey is drawn; tabs become spaces.
            string shown = element == "\t" ? "    " : element.Length > 0 && char.IsControl(element[0]) ? "" : element;
            int cells = shown.GetCellWidth();
            bool isBreak = element == "\n";
            if (!isBreak && column + cells > width)
            {
                rows.Add(row.ToString());
                row.Clear();
                column = 0;
            }
            if (position == cursor) (cursorRow, cursorColumn) = (rows.Count, column);
            if (isBreak)
            {
                rows.Add(row.ToString());
                row.Clear().Append(continuation);
                column = continuation.GetCellWidth();
            }
            else
            {
                row.Append(shown);
                column += cells;
            }
            position += element.Length;
        }
        if (column >= width)
        {
            // The cursor has no place behind a full row.
            rows.Add(row.ToString());
            row.Clear();
            column = 0;
        }
        if (position == cursor) (cursorRow, cursorColumn) = (rows.Count, column);
        rows.Add(row.ToString());
        return new LineLayout(rows, cursorRow, cursorColumn);
    }

    private static IEnumerable<string> Elements(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            int length = StringInfo.GetNextTextElementLength(text, i);
            yield return text.Substring(i, length);
            i += length;
        }
    }
}
