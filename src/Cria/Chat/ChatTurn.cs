using System.Text.Json;

namespace Cria.Chat;

/// <summary>One message of a conversation, as a chat template sees it. None of its texts can become special tokens.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>, or another that the template knows.</param>
/// <param name="Content">What was said; null where the message has only tool calls or <see cref="Data"/>.</param>
public sealed record ChatTurn(string Role, string? Content)
{
    /// <summary>Content that is not text, given to the template in place of <see cref="Content"/>: a tool's result as an object, or a list of content parts.</summary>
    public JsonElement? Data { get; init; }

    /// <summary>The functions the assistant wants called.</summary>
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }

    /// <summary>The tool call that this message answers.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The speaker's or the tool's name.</summary>
    public string? Name { get; init; }

    /// <summary>Further fields that the template may read, such as <c>reasoning_content</c>.</summary>
    public IReadOnlyDictionary<string, object?>? Extra { get; init; }
}
