namespace Cria.Chat;

/// <summary>A piece of an answer: text, or a wish to have a function called. One of the two is null.</summary>
public readonly record struct AnswerPart(string? Text, ChatToolCall? Call)
{
    internal static AnswerPart Of(string text) => new(text, null);

    internal static AnswerPart Of(ChatToolCall call) => new(null, call);
}
