using Cria.Cli.Editing;

namespace Cria.Cli.Tests.Editing;

public class LineLayoutTests
{
    [Fact]
    public void Breaks_rows_at_the_terminals_width()
    {
        LineLayout layout = LineLayout.Of("> ", ". ", "abcdefghij", cursor: 10, width: 8);
        Assert.Equal(["> abcdef", "ghij"], layout.Rows);
        Assert.Equal((1, 4), (layout.CursorRow, layout.CursorColumn));
    }

    [Fact]
    public void Opens_a_row_for_the_cursor_behind_a_full_one()
    {
        LineLayout layout = LineLayout.Of("> ", ". ", "abcdef", cursor: 6, width: 8);
        Assert.Equal(["> abcdef", ""], layout.Rows);
        Assert.Equal((1, 0), (layout.CursorRow, layout.CursorColumn));
    }

    [Fact]
    public void Never_splits_a_wide_character()
    {
        LineLayout layout = LineLayout.Of("> ", ". ", "abc日本", cursor: 3, width: 6);
        Assert.Equal(["> abc", "日本"], layout.Rows);
        Assert.Equal((1, 0), (layout.CursorRow, layout.CursorColumn));
    }

    [Fact]
    public void Begins_further_lines_with_their_own_prompt()
    {
        LineLayout layout = LineLayout.Of("> ", ". ", "ab\ncd", cursor: 3, width: 20);
        Assert.Equal(["> ab", ". cd"], layout.Rows);
        Assert.Equal((1, 2), (layout.CursorRow, layout.CursorColumn));
        Assert.Equal((0, 4), LineLayout.Of("> ", ". ", "ab\ncd", cursor: 2, width: 20) is var first ? (first.CursorRow, first.CursorColumn) : default);
    }

    [Fact]
    public void Draws_nothing_a_terminal_would_obey()
    {
        Assert.Equal(["> a[2Jb"], LineLayout.Of("> ", ". ", "a\e[2Jb", cursor: 0, width: 20).Rows);
    }
}
