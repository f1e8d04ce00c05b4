using System.Text.Json;
using Cria.Chat;

namespace Cria.Corpora;

/// <summary>One entry of a corpus.</summary>
/// <param name="Place">Where it stands, for messages: <c>file:line</c>.</param>
public abstract record Document(string Place)
{
    /// <summary>What collection it is from, where the file says so: <c>source</c>, or in <c>meta</c> <c>source</c> or <c>redpajama_set_name</c>.</summary>
    public string? Source { get; init; }
}

/// <summary>Plain text.</summary>
/// <param name="Place">Where it stands, for messages: <c>file:line</c>.</param>
/// <param name="Text">The text, or a piece of it.</param>
/// <param name="IsFirst">Whether the text begins here; a long plain file comes in several pieces, cut where no word ends up in two.</param>
/// <param name="IsLast">Whether the text ends here.</param>
public sealed record TextDocument(string Place, string Text, bool IsFirst = true, bool IsLast = true) : Document(Place);

/// <summary>A conversation.</summary>
/// <param name="Place">Where it stands, for messages: <c>file:line</c>.</param>
/// <param name="Turns">What was said, in order; at least one turn.</param>
public sealed record ConversationDocument(string Place, IReadOnlyList<ChatTurn> Turns) : Document(Place)
{
    /// <summary>The functions the assistant may call, as OpenAI's <c>tools</c>; null for none.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }
}

/// <summary>A sequence that was tokenized before, as <c>cria data pack</c> writes it.</summary>
/// <param name="Place">Where it stands, for messages: <c>file:line</c>.</param>
/// <param name="Tokens">Its tokens, special ones included.</param>
/// <param name="Learn">The stretches that are to be learnt, first token and count; null: all.</param>
public sealed record TokenDocument(string Place, int[] Tokens, IReadOnlyList<(int Start, int Count)>? Learn) : Document(Place);

/// <summary>A text without a chat template, of which only some parts are learnt.</summary>
/// <param name="Place">Where it stands, for messages: <c>file:line</c>.</param>
/// <param name="Segments">Its parts, in order; at least one of them is learnt and not empty.</param>
public sealed record SegmentedDocument(string Place, IReadOnlyList<DocumentSegment> Segments) : Document(Place);

/// <summary>A part of a text.</summary>
/// <param name="Text">What it says.</param>
/// <param name="IsLearnt">Whether the model shall learn to say it.</param>
public readonly record struct DocumentSegment(string Text, bool IsLearnt);
