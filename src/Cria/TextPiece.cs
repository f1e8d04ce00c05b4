using Cria.Generation;

namespace Cria;

/// <summary>
/// A piece of an answer as it comes: the text that one token completes, which is empty while a character or a possible stop text is unfinished.
/// The last piece has no token: it carries what was held back, and how the answer ended.
/// </summary>
/// <param name="Text">Text to append.</param>
/// <param name="Token">The token; null in the last piece.</param>
/// <param name="LogProbability">ln p of the token before temperature and filters; null unless asked for.</param>
/// <param name="Alternatives">The most probable tokens at this place; empty unless asked for.</param>
/// <param name="FinishReason">Why the answer ended; null before the last piece.</param>
/// <param name="Usage">What the answer cost; null before the last piece.</param>
public readonly record struct TextPiece(
    string Text, int? Token, float? LogProbability, IReadOnlyList<TokenProbability> Alternatives, FinishReason? FinishReason = null, GenerationUsage? Usage = null)
{
    /// <summary>The text.</summary>
    public override string ToString() => Text;
}
