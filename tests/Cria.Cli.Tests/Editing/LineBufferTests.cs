using Cria.Cli.Editing;

namespace Cria.Cli.Tests.Editing;

public class LineBufferTests
{
    private static LineBuffer With(string text)
    {
        var buffer = new LineBuffer();
        buffer.Set(text);
        return buffer;
    }

    [Fact]
    public void Moves_over_and_deletes_whole_characters()
    {
        // A letter with a combining accent, a family emoji joined of three, a flag of two letters.
        LineBuffer buffer = With("ae\u0301👨‍👩‍👧🇧🇷");
        buffer.Left();
        Assert.Equal("ae\u0301👨‍👩‍👧".Length, buffer.Cursor);
        buffer.Backspace();
        Assert.Equal("ae\u0301🇧🇷", buffer.Text);
        buffer.Backspace();
        Assert.Equal("a🇧🇷", buffer.Text);
        buffer.Delete();
        Assert.Equal("a", buffer.Text);
        buffer.Right();
        buffer.Delete();
        Assert.Equal("a", buffer.Text);
    }

    [Fact]
    public void Cuts_words_and_lines_and_gives_them_back()
    {
        LineBuffer buffer = With("one two, three");
        buffer.CutWord();
        Assert.Equal("one two, ", buffer.Text);
        buffer.CutWord();
        Assert.Equal("one ", buffer.Text);
        buffer.Insert(buffer.Cut);
        Assert.Equal("one two, ", buffer.Text);
        buffer.Home();
        buffer.WordRight();
        buffer.CutToEnd();
        Assert.Equal("one", buffer.Text);
        buffer.CutToStart();
        Assert.True(buffer.IsEmpty);
        Assert.Equal("one", buffer.Cut);
    }

    [Fact]
    public void Goes_up_and_down_between_lines_and_says_when_there_is_none()
    {
        LineBuffer buffer = With("long line\nab\nlonger");
        Assert.True(buffer.Up());
        Assert.Equal("long line\nab".Length, buffer.Cursor);
        Assert.True(buffer.Up());
        Assert.Equal(2, buffer.Cursor);
        Assert.False(buffer.Up());
        buffer.End();
        Assert.Equal("long line".Length, buffer.Cursor);
        Assert.True(buffer.Down());
        Assert.True(buffer.Down());
        Assert.False(buffer.Down());
        buffer.Home();
        Assert.Equal("long line\nab\n".Length, buffer.Cursor);
    }

    [Fact]
    public void Survives_any_keys_with_the_cursor_on_a_character()
    {
        var random = new Random(7);
        string[] inserts = ["a", " ", "\n", "e\u0301", "日", "😀"];
        var buffer = new LineBuffer();
        Action[] keys =
        [
            buffer.Left, buffer.Right, buffer.WordLeft, buffer.WordRight, buffer.Home, buffer.End, () => buffer.Up(), () => buffer.Down(),
            buffer.Backspace, buffer.Delete, buffer.CutWord, buffer.CutToEnd, buffer.CutToStart, () => buffer.Insert(buffer.Cut),
        ];
        for (int i = 0; i < 20_000; i++)
        {
            if (random.Next(2) == 0) buffer.Insert(inserts[random.Next(inserts.Length)]);
            else keys[random.Next(keys.Length)]();
            if (buffer.Text.Length > 200) buffer.Set("");
            Assert.InRange(buffer.Cursor, 0, buffer.Text.Length);
            Assert.False(buffer.Cursor < buffer.Text.Length && char.IsLowSurrogate(buffer.Text[buffer.Cursor]));
        }
    }
}
