using Cria.Cli.Editing;

namespace Cria.Cli.Tests.Editing;

public class MessageReaderTests
{
    private static async Task<List<string>> MessagesOf(params string[] lines)
    {
        var queue = new Queue<string>(lines);
        var reader = new MessageReader((_, _) => Task.FromResult(queue.TryDequeue(out string? line) ? new LineInput(LineInputKind.Text, line) : new LineInput(LineInputKind.End, "")));
        var messages = new List<string>();
        while (await reader.ReadAsync("> ", TestContext.Current.CancellationToken) is { Kind: LineInputKind.Text } message) messages.Add(message.Text);
        return messages;
    }

    [Fact]
    public async Task Takes_each_line_for_a_message() => Assert.Equal(["one", "", "two"], await MessagesOf("one", "", "two"));

    [Fact]
    public async Task Goes_on_after_a_backslash() => Assert.Equal(["one\ntwo\nthree", "four"], await MessagesOf(@"one\", @"two\", "three", "four"));

    [Fact]
    public async Task Keeps_two_backslashes_at_the_end() => Assert.Equal([@"C:\\", "next"], await MessagesOf(@"C:\\", "next"));

    [Fact]
    public async Task Reads_a_block_between_triple_quotes() =>
        Assert.Equal(["one\n\n  two\\", "three", "four"], await MessagesOf("\"\"\"one", "", "  two\\", "\"\"\"", "\"\"\"three\"\"\"", "four"));

    [Fact]
    public async Task Ends_an_open_message_with_the_input() => Assert.Equal(["one\ntwo"], await MessagesOf("\"\"\"", "one", "two"));
}
