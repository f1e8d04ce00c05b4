using Cria.Chat;

namespace Cria.Server.Answers;

/// <summary>A part of an answer.</summary>
/// <param name="Index">The answer's number among the request's.</param>
/// <param name="Text">Text to append.</param>
/// <param name="Calls">Functions to call.</param>
/// <param name="Piece">The token, with its probabilities where asked for.</param>
/// <param name="Finish">Why the answer ended, in OpenAI's words; null before the last part.</param>
internal readonly record struct ChoicePart(int Index, string Text, IReadOnlyList<ChatToolCall> Calls, TextPiece Piece, string? Finish);
