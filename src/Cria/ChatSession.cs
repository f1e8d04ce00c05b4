using System.Runtime.CompilerServices;
using System.Text;
using Cria.Chat;

namespace Cria;

/// <summary>
/// A conversation that remembers its turns. What the model has read is not computed again at the next turn, also after earlier turns were edited,
/// because the engine knows the common beginning. For one caller at a time.
/// </summary>
public sealed class ChatSession
{
    private readonly List<ChatTurn> turns = [];
    private readonly LanguageModel model;

    internal ChatSession(LanguageModel model, string? system)
    {
        this.model = model;
        if (system is not null) turns.Add(new ChatTurn("system", system));
    }

    /// <summary>The turns so far; may be edited between questions.</summary>
    public IList<ChatTurn> Turns => turns;

    /// <summary>How answers are generated unless a question says otherwise.</summary>
    public GenerationOptions? Options { get; set; }

    /// <summary>Asks, and keeps question and answer.</summary>
    public Answer Ask(string message, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        turns.Add(new ChatTurn("user", message));
        try
        {
            Answer answer = model.Chat(turns, options ?? Options, cancellationToken: cancellationToken);
            turns.Add(new ChatTurn("assistant", answer.Text));
            return answer;
        }
        catch
        {
            turns.RemoveAt(turns.Count - 1);
            throw;
        }
    }

    /// <summary>Asks, and gives the answer piece by piece. Question and answer are kept, the answer as far as it was read; neither is when nothing was.</summary>
    public async IAsyncEnumerable<TextPiece> AskAsync(string message, GenerationOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        turns.Add(new ChatTurn("user", message));
        int question = turns.Count - 1;
        var text = new StringBuilder();
        bool whole = false;
        try
        {
            await foreach (TextPiece piece in model.ChatAsync(turns, options ?? Options, cancellationToken: cancellationToken).ConfigureAwait(false))
            {
                text.Append(piece.Text);
                whole = piece.FinishReason is not null;
                yield return piece;
            }
        }
        finally
        {
            if (whole || text.Length > 0) turns.Add(new ChatTurn("assistant", text.ToString()));
            else turns.RemoveAt(question);
        }
    }
}
