using System.Globalization;
using System.Text;

namespace Cria.Cli.Editing;

/// <summary>The text being typed and the cursor in it. Moves and deletes whole characters as a person sees them, accents and emoji included.</summary>
internal sealed class LineBuffer
{
    private readonly StringBuilder text = new();

    /// <summary>The text.</summary>
    public string Text => text.ToString();

    /// <summary>Where the next character goes, 0 to the length.</summary>
    public int Cursor { get; private set; }

    /// <summary>What the last cut took, for pasting.</summary>
    public string Cut { get; private set; } = "";

    /// <summary>True when nothing is typed.</summary>
    public bool IsEmpty => text.Length == 0;

    /// <summary>Replaces everything and goes to the end.</summary>
    public void Set(string value)
    {
        text.Clear().Append(value);
        Cursor = text.Length;
    }

    /// <summary>Inserts at the cursor.</summary>
    public void Insert(string value)
    {
        text.Insert(Cursor, value);
        Cursor += value.Length;
    }

    /// <summary>One character left.</summary>
    public void Left() => Cursor = Before(Cursor);

    /// <summary>One character right.</summary>
    public void Right() => Cursor = After(Cursor);

    /// <summary>To the beginning of the word on the left.</summary>
    public void WordLeft() => Cursor = WordStart();

    /// <summary>To the end of the word on the right.</summary>
    public void WordRight() => Cursor = WordEnd();

    /// <summary>To the beginning of the line.</summary>
    public void Home()
    {
        while (Cursor > 0 && text[Cursor - 1] != '\n') Cursor--;
    }

    /// <summary>To the end of the line.</summary>
    public void End()
    {
        while (Cursor < text.Length && text[Cursor] != '\n') Cursor++;
    }

    /// <summary>To the line above, as near to the column as it reaches; false on the first line.</summary>
    public bool Up()
    {
        int start = Text.LastIndexOf('\n', Math.Max(0, Cursor - 1), Cursor);
        if (start < 0) return false;
        int column = Cursor - start - 1;
        int above = start == 0 ? 0 : Text.LastIndexOf('\n', start - 1) + 1;
        Cursor = Whole(Math.Min(above + column, start));
        return true;
    }

    /// <summary>To the line below; false on the last line.</summary>
    public bool Down()
    {
        int end = Text.IndexOf('\n', Cursor);
        if (end < 0) return false;
        int column = Cursor - (Text.LastIndexOf('\n', Math.Max(0, Cursor - 1), Cursor) + 1);
        int next = Text.IndexOf('\n', end + 1);
        Cursor = Whole(Math.Min(end + 1 + column, next < 0 ? text.Length : next));
        return true;
    }

    /// <summary>Deletes the character on the left.</summary>
    public void Backspace() => Remove(Before(Cursor), Cursor);

    /// <summary>Deletes the character at the cursor.</summary>
    public void Delete() => Remove(Cursor, After(Cursor));

    /// <summary>Cuts the word on the left.</summary>
    public void CutWord() => CutRange(WordStart(), Cursor);

    /// <summary>Cuts to the end of the line.</summary>
    public void CutToEnd()
    {
        int end = Text.IndexOf('\n', Cursor);
        CutRange(Cursor, end < 0 ? text.Length : end == Cursor ? end + 1 : end);
    }

    /// <summary>Cuts to the beginning of the line.</summary>
    public void CutToStart() => CutRange(Cursor == 0 ? 0 : Text.LastIndexOf('\n', Cursor - 1) + 1, Cursor);

    private void CutRange(int from, int to)
    {
        if (from >= to) return;
        Cut = text.ToString(from, to - from);
        Remove(from, to);
    }

    private void Remove(int from, int to)
    {
        text.Remove(from, to - from);
        Cursor = from;
    }

    private int Before(int position)
    {
        int start = 0;
        foreach (int next in StringInfo.ParseCombiningCharacters(Text))
        {
            if (next >= position) break;
            start = next;
        }
        return start;
    }

    private int After(int position) => position >= text.Length ? position : position + StringInfo.GetNextTextElementLength(Text, position);

    /// <summary>The beginning of the character that <paramref name="position"/> is in.</summary>
    private int Whole(int position) => position == 0 || position == text.Length || StringInfo.ParseCombiningCharacters(Text).Contains(position) ? position : Before(position);

    private int WordStart()
    {
        int position = Cursor;
        while (position > 0 && !char.IsLetterOrDigit(text[position - 1])) position--;
        while (position > 0 && char.IsLetterOrDigit(text[position - 1])) position--;
        return position;
    }

    private int WordEnd()
    {
        int position = Cursor;
        while (position < text.Length && !char.IsLetterOrDigit(text[position])) position++;
        while (position < text.Length && char.IsLetterOrDigit(text[position])) position++;
        return position;
    }
}
