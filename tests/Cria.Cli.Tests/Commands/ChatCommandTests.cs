using System.Text.Json;

namespace Cria.Cli.Tests.Commands;

public class ChatCommandTests(TinyModel model)
{
    private Task<CriaProcess.Result> Chat(string input, params string[] more) =>
        CriaProcess.RunWith(input, ["chat", "-m", model.Path, "-n", "6", "--temp", "0", "--stop", "\n", .. more]);

    [Fact]
    public async Task Answers_every_line_of_a_pipe_in_one_conversation()
    {
        string one = (await Chat("Hello\n")).Succeeded();
        string both = (await Chat("Hello\nAgain\n")).Succeeded();
        Assert.StartsWith(one, both, StringComparison.Ordinal);
        Assert.NotEqual(one + (await Chat("Again\n")).Succeeded(), both);
    }

    [Fact]
    public async Task Starts_over_after_a_reset_and_repeats_itself_on_retry()
    {
        string one = (await Chat("Hello\n")).Succeeded();
        Assert.Equal(one + one, (await Chat("Hello\n/reset\nHello\n")).Succeeded());
        Assert.Equal(one + one, (await Chat("Hello\n/retry\n")).Succeeded());
    }

    [Fact]
    public async Task Takes_the_system_message_from_the_option_and_the_command()
    {
        string expected = (await Chat("Hello\n", "--system", "Be brief.")).Succeeded();
        Assert.NotEqual(expected, (await Chat("Hello\n")).Succeeded());
        Assert.Equal(expected, (await Chat("/system Be brief.\nHello\n")).Succeeded());
        Assert.Equal((await Chat("Hello\n")).Succeeded(), (await Chat("/system none\nHello\n", "--system", "Be brief.")).Succeeded());
    }

    [Fact]
    public async Task Saves_a_conversation_and_goes_on_with_it()
    {
        string file = Path.Combine(model.Folder, "conversation.json");
        string whole = (await Chat("Hello\nAgain\n")).Succeeded();
        string first = (await Chat($"Hello\n/save {file}\n")).Succeeded();
        using (JsonDocument saved = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)))
            Assert.Equal(["user", "assistant"], saved.RootElement.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("role").GetString()));
        Assert.Equal(whole, first + (await Chat($"/load {file}\nAgain\n")).Succeeded());
    }

    [Fact]
    public async Task Reads_messages_of_several_lines()
    {
        string file = Path.Combine(model.Folder, "lines.json");
        (await Chat($"one\\\ntwo\n\"\"\"three\n  four\"\"\"\n/save {file}\n")).Succeeded();
        using JsonDocument saved = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        JsonElement messages = saved.RootElement.GetProperty("messages");
        Assert.Equal("one\ntwo", messages[0].GetProperty("content").GetString());
        Assert.Equal("three\n  four", messages[2].GetProperty("content").GetString());
    }

    [Fact]
    public async Task Leaves_on_exit_and_counts_what_it_did()
    {
        string output = (await Chat("Hello\n/stats\n/exit\nnever read\n")).Succeeded();
        Assert.Matches(@"conversation +2 messages, \d+ of 512 tokens", output);
        Assert.Matches("last prompt +28 tokens", output);
    }

    [Fact]
    public async Task Computes_nothing_twice_between_turns()
    {
        // The first question is two pages of the cache long, so the second finds at least those.
        string output = (await Chat(new string('x', 140) + "\nAgain\n/stats\n")).Succeeded();
        Assert.Matches(@"last prompt +\d+ tokens \((128|1[3-9]\d) from the cache\)", output);
    }

    [Fact]
    public async Task Ends_a_pipe_with_one_line_when_something_is_wrong()
    {
        Assert.Contains("/bogus", (await Chat("/bogus\nHello\n")).Failed(), StringComparison.Ordinal);
        Assert.Contains("no such file", (await Chat("/load /nowhere/at/all.json\n")).Failed(), StringComparison.Ordinal);
        Assert.Contains("not JSON", (await Chat($"/load {model.Path}\n")).Failed(), StringComparison.Ordinal);
        Assert.Contains("there is no question", (await Chat("/retry\n")).Failed(), StringComparison.Ordinal);
        Assert.Contains("512", (await Chat(new string('x', 600) + "\n")).Failed(), StringComparison.Ordinal);
    }
}
