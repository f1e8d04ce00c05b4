using Cria.Generation;

namespace Cria;

/// <summary>A whole answer. Where a string is wanted, it is its text.</summary>
/// <param name="Text">The text, without what stopped it.</param>
/// <param name="Tokens">The tokens, with their log-probabilities where asked for.</param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="StopText">The stop token's or stop string's text that ended it; null where neither did.</param>
/// <param name="Usage">What it cost.</param>
/// <param name="Seed">The seed that gives it again.</param>
public sealed record Answer(string Text, IReadOnlyList<GeneratedToken> Tokens, FinishReason FinishReason, string? StopText, GenerationUsage Usage, ulong Seed)
{
    /// <summary>The text.</summary>
    public static implicit operator string(Answer answer) => answer.Text;

    /// <summary>The text.</summary>
    public override string ToString() => Text;
}
