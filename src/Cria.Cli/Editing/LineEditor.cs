using System.Text;

namespace Cria.Cli.Editing;

/// <summary>Reads a line from a person at a terminal: cursor keys, history, words, pasted text of several lines.</summary>
internal sealed class LineEditor(Terminal terminal, LineHistory history)
{
    private const string PasteEnd = "\e[201~";

    private readonly LineBuffer buffer = new();
    private int drawnCursorRow;

    /// <summary>The line, or what ended it instead.</summary>
    public async Task<LineInput> ReadAsync(string prompt, string continuation, CancellationToken cancellationToken)
    {
        buffer.Set("");
        history.Rewind();
        drawnCursorRow = 0;
        // As a key, Ctrl-C clears the line; as a signal it would end the program.
        Console.TreatControlCAsInput = true;
        terminal.Out.Write("\e[?2004h");
        try
        {
            while (true)
            {
                // Keys that are there already, as in a paste, are drawn together.
                if (!Console.KeyAvailable) Draw(prompt, continuation, isDone: false);
                ConsoleKeyInfo key = await Task.Run(() => Console.ReadKey(intercept: true), CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
                if (Apply(key) is not { } input) continue;
                Draw(prompt, continuation, isDone: true);
                if (input.Kind == LineInputKind.Text) history.Add(input.Text);
                return input;
            }
        }
        finally
        {
            terminal.Out.Write("\e[?2004l");
            terminal.Out.Flush();
            Console.TreatControlCAsInput = false;
        }
    }

    private LineInput? Apply(ConsoleKeyInfo key)
    {
        bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control), alt = key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        switch (key.Key)
        {
            case ConsoleKey.Enter when alt || control:
                buffer.Insert("\n");
                return null;
            case ConsoleKey.Enter:
                return new LineInput(LineInputKind.Text, buffer.Text);
            case ConsoleKey.C when control:
                return new LineInput(LineInputKind.Interrupted, buffer.Text);
            case ConsoleKey.D when control && buffer.IsEmpty:
                return new LineInput(LineInputKind.End, "");
            case ConsoleKey.Escape:
                ReadSequence();
                return null;
            case ConsoleKey.UpArrow or ConsoleKey.P when key.Key == ConsoleKey.UpArrow || control:
                if (!buffer.Up() && history.Older(buffer.Text) is { } older) buffer.Set(older);
                return null;
            case ConsoleKey.DownArrow or ConsoleKey.N when key.Key == ConsoleKey.DownArrow || control:
                if (!buffer.Down() && history.Newer() is { } newer) buffer.Set(newer);
                return null;
            default:
                Edit(key, control, alt);
                return null;
        }
    }

    private void Edit(ConsoleKeyInfo key, bool control, bool alt)
    {
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow when control || alt: buffer.WordLeft(); break;
            case ConsoleKey.RightArrow when control || alt: buffer.WordRight(); break;
            case ConsoleKey.LeftArrow: buffer.Left(); break;
            case ConsoleKey.RightArrow: buffer.Right(); break;
            case ConsoleKey.Home: buffer.Home(); break;
            case ConsoleKey.End: buffer.End(); break;
            case ConsoleKey.Backspace when control || alt: buffer.CutWord(); break;
            case ConsoleKey.Backspace: buffer.Backspace(); break;
            case ConsoleKey.Delete: buffer.Delete(); break;
            case ConsoleKey.B when control: buffer.Left(); break;
            case ConsoleKey.F when control: buffer.Right(); break;
            case ConsoleKey.B when alt: buffer.WordLeft(); break;
            case ConsoleKey.F when alt: buffer.WordRight(); break;
            case ConsoleKey.A when control: buffer.Home(); break;
            case ConsoleKey.E when control: buffer.End(); break;
            case ConsoleKey.D when control: buffer.Delete(); break;
            case ConsoleKey.H when control: buffer.Backspace(); break;
            case ConsoleKey.W when control: buffer.CutWord(); break;
            case ConsoleKey.U when control: buffer.CutToStart(); break;
            case ConsoleKey.K when control: buffer.CutToEnd(); break;
            case ConsoleKey.Y when control: buffer.Insert(buffer.Cut); break;
            case ConsoleKey.L when control:
                terminal.Out.Write("\e[2J\e[H");
                drawnCursorRow = 0;
                break;
            case ConsoleKey.Tab: break;
            default:
                // AltGr arrives as Ctrl+Alt on some systems and still types a character.
                if (key.KeyChar != 0 && !char.IsControl(key.KeyChar) && (!control || alt)) buffer.Insert(Typed(key.KeyChar));
                break;
        }
    }

    /// <summary>The character; the second half of a surrogate pair is waited for.</summary>
    private static string Typed(char first) => char.IsHighSurrogate(first) ? string.Concat([first, Console.ReadKey(intercept: true).KeyChar]) : first.ToString();

    /// <summary>What follows an Escape that the runtime does not know: a paste between its marks is text, the rest is dropped.</summary>
    private void ReadSequence()
    {
        var sequence = new StringBuilder("\e");
        while (Console.KeyAvailable && sequence.Length < 16)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            char next = key.KeyChar;
            if (sequence.Length == 1 && key.Key == ConsoleKey.Enter)
            {
                // Alt+Enter, which the runtime does not put together.
                buffer.Insert("\n");
                return;
            }
            if (sequence.Length == 1 && next is not ('[' or 'O')) return;
            sequence.Append(next);
            if (sequence.Length > 2 && next is >= '@' and <= '~') break;
        }
        if (sequence.ToString() == "\e[200~") buffer.Insert(ReadPaste());
    }

    private static string ReadPaste()
    {
        var pasted = new StringBuilder();
        while (true)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            pasted.Append(key.Key == ConsoleKey.Enter ? '\n' : key.KeyChar);
            if (!EndsWith(pasted, PasteEnd)) continue;
            pasted.Length -= PasteEnd.Length;
            return pasted.ToString().ReplaceLineEndings("\n");
        }
    }

    private static bool EndsWith(StringBuilder text, string end)
    {
        if (text.Length < end.Length) return false;
        for (int i = 0; i < end.Length; i++)
        {
            if (text[text.Length - end.Length + i] != end[i]) return false;
        }
        return true;
    }

    private void Draw(string prompt, string continuation, bool isDone)
    {
        int width = Math.Max(20, Console.WindowWidth), height = Math.Max(2, Console.WindowHeight);
        LineLayout layout = LineLayout.Of(prompt, continuation, buffer.Text, buffer.Cursor, width);
        // More rows than the screen has: show those around the cursor.
        int first = layout.Rows.Count <= height ? 0 : Math.Clamp(layout.CursorRow - height + 1, 0, layout.Rows.Count - height);
        int last = Math.Min(layout.Rows.Count, first + height) - 1;
        var screen = new StringBuilder("\e[?25l");
        if (drawnCursorRow > 0) screen.Append($"\e[{drawnCursorRow}A");
        screen.Append("\r\e[J");
        for (int row = first; row <= last; row++)
        {
            if (row > first) screen.Append("\r\n");
            string text = layout.Rows[row];
            if (row == 0) screen.Append(terminal.OnOutput(prompt, Ink.Accent)).Append(text.AsSpan(prompt.Length));
            else screen.Append(text);
        }
        if (isDone)
        {
            screen.Append("\r\n");
        }
        else
        {
            if (last > layout.CursorRow) screen.Append($"\e[{last - layout.CursorRow}A");
            screen.Append('\r');
            if (layout.CursorColumn > 0) screen.Append($"\e[{layout.CursorColumn}C");
        }
        drawnCursorRow = layout.CursorRow - first;
        terminal.Out.Write(screen.Append("\e[?25h"));
        terminal.Out.Flush();
    }
}
