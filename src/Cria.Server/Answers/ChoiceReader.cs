using System.Runtime.CompilerServices;
using Cria.Chat;
using Cria.Generation;

namespace Cria.Server.Answers;

/// <summary>One answer of a request, read as the text and the calls it holds.</summary>
/// <param name="index">Its number among the request's answers.</param>
/// <param name="stream">The answer.</param>
/// <param name="functions">The functions the model was told of; empty for none.</param>
/// <param name="allowsSeveralCalls">Whether it goes on after a call.</param>
internal sealed class ChoiceReader(int index, TextStream stream, IReadOnlyList<string> functions, bool allowsSeveralCalls)
{
    private readonly ToolCallParser? parser = functions.Count > 0 ? new ToolCallParser(functions) : null;
    private int calls;

    /// <summary>What was asked for, in OpenTelemetry's words.</summary>
    public string Operation { get; init; } = "chat";

    /// <summary>Its number among the request's answers.</summary>
    public int Index => index;

    /// <summary>Why it ended, in OpenAI's words; null while it has not.</summary>
    public string? Finish { get; private set; }

    /// <summary>What it has cost.</summary>
    public GenerationUsage Usage => stream.Usage;

    /// <summary>Stops it.</summary>
    public void Cancel() => stream.Cancel();

    /// <summary>The parts as they come; the last says why the answer ended. Leaving early stops it.</summary>
    public async IAsyncEnumerable<ChoicePart> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TextPiece piece in stream.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            bool isEnd = piece.FinishReason is not null;
            if (piece.FinishReason == FinishReason.Cancelled) throw new ApiException(503, "the answer was stopped because the server is shutting down");
            string text = piece.Text;
            List<ChatToolCall>? found = null;
            if (parser is not null)
            {
                text = "";
                IReadOnlyList<AnswerPart> parts = parser.Push(piece.Text);
                if (isEnd) parts = [.. parts, .. parser.Finish()];
                foreach (AnswerPart part in parts)
                {
                    if (part.Call is null) text += part.Text;
                    else if (calls == 0 || allowsSeveralCalls) (found ??= []).Add(part.Call);
                    calls += part.Call is null ? 0 : 1;
                }
            }
            // Generation goes no further than the first call where only one may be.
            isEnd |= calls > 0 && !allowsSeveralCalls;
            Finish = !isEnd ? null : calls > 0 ? "tool_calls" : piece.FinishReason == FinishReason.Length ? "length" : "stop";
            if (text.Length > 0 || found is not null || Finish is not null || piece.LogProbability is not null) yield return new ChoicePart(index, text, found ?? [], piece, Finish);
            if (isEnd) yield break;
        }
    }
}
