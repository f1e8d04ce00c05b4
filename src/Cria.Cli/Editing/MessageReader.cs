using System.Text;

namespace Cria.Cli.Editing;

/// <summary>
/// Puts lines together to messages: a backslash at a line's end goes on with the next line,
/// and <c>"""</c> begins a block that goes on, line breaks and all, to the next <c>"""</c>.
/// </summary>
internal sealed class MessageReader(Func<string, CancellationToken, Task<LineInput>> readLine)
{
    private const string Fence = "\"\"\"";

    /// <summary>Shown where a line goes on.</summary>
    public const string Continuation = ". ";

    /// <summary>The next message. The end of the input inside a message ends the message.</summary>
    public async Task<LineInput> ReadAsync(string prompt, CancellationToken cancellationToken)
    {
        LineInput input = await readLine(prompt, cancellationToken).ConfigureAwait(false);
        if (input.Kind != LineInputKind.Text) return input;
        var message = new StringBuilder();
        bool isFenced = false;
        while (true)
        {
            string line = input.Text;
            int fence = line.IndexOf(Fence, StringComparison.Ordinal);
            if (!isFenced && message.Length == 0 && fence == 0)
            {
                isFenced = true;
                line = line[Fence.Length..];
                fence = line.IndexOf(Fence, StringComparison.Ordinal);
            }
            if (isFenced && fence >= 0)
            {
                message.Append(line.AsSpan(0, fence)).Append(line.AsSpan(fence + Fence.Length));
                return new LineInput(LineInputKind.Text, message.ToString().Trim('\n'));
            }
            if (!isFenced && !EndsWithBackslash(line)) return new LineInput(LineInputKind.Text, message.Append(line).ToString());
            message.Append(isFenced ? line : line[..^1]).Append('\n');
            input = await readLine(Continuation, cancellationToken).ConfigureAwait(false);
            if (input.Kind == LineInputKind.Interrupted) return input;
            if (input.Kind == LineInputKind.End) return new LineInput(LineInputKind.Text, message.ToString().Trim('\n'));
        }
    }

    /// <summary>Two backslashes are one that is meant.</summary>
    private static bool EndsWithBackslash(string line) => line.EndsWith('\\') && !line.EndsWith("\\\\", StringComparison.Ordinal);
}
