using Cria.Cli.Editing;

namespace Cria.Cli.Tests.Editing;

public class LineHistoryTests(TinyModel model)
{
    [Fact]
    public void Comes_back_from_its_file_line_breaks_and_all()
    {
        string path = Path.Combine(model.Folder, "state", "history-1");
        var history = new LineHistory(path);
        history.Add("one");
        history.Add("two\n\"lines\" 日本");
        history.Add("two\n\"lines\" 日本");
        var again = new LineHistory(path);
        Assert.Equal("two\n\"lines\" 日本", again.Older("draft"));
        Assert.Equal("one", again.Older(""));
        Assert.Null(again.Older(""));
        Assert.Equal("two\n\"lines\" 日本", again.Newer());
        Assert.Equal("draft", again.Newer());
        Assert.Null(again.Newer());
    }

    [Fact]
    public void Does_without_a_file_it_cannot_read()
    {
        string path = Path.Combine(model.Folder, "history-2");
        File.WriteAllText(path, "not json\n");
        var history = new LineHistory(path);
        Assert.Null(history.Older(""));
        history.Add("kept");
        Assert.Equal("kept", history.Older(""));
    }
}
