namespace Cria.Evaluation.Needles;

/// <summary>The prompt of a cell.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Number">The number hidden in it.</param>
/// <param name="Tokens">The prompt.</param>
/// <param name="Answer">The tokens that must follow.</param>
/// <param name="NeedleStart">Where the needle's tokens begin in <paramref name="Tokens"/>.</param>
/// <param name="NeedleLength">How many tokens it has.</param>
/// <param name="SharedTokens">How many tokens at the beginning are those of every prompt of the map that reaches so far.</param>
public sealed record NeedlePrompt(NeedleCell Cell, string Number, int[] Tokens, int[] Answer, int NeedleStart, int NeedleLength, int SharedTokens);
