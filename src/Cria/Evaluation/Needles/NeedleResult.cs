namespace Cria.Evaluation.Needles;

/// <summary>What a model made of one needle.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Number">The number hidden.</param>
/// <param name="Said">What the model wrote by itself.</param>
/// <param name="IsForced">EasyContext's score: with the right answer before it, every token of the answer was the likeliest.</param>
/// <param name="IsFound">Whether the number stands in what it wrote, as a number of its own.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CachedTokens">Those of them that an earlier cell had computed.</param>
/// <param name="Position">Where the needle began in the prompt.</param>
/// <param name="Seconds">Time it took.</param>
public sealed record NeedleResult(NeedleCell Cell, string Number, string Said, bool IsForced, bool IsFound, int PromptTokens, int CachedTokens, int Position, double Seconds);
