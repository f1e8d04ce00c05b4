namespace Cria.Tokenization.Training;

/// <summary>What a trained vocabulary should be like.</summary>
public sealed record BytePairTrainerOptions
{
    /// <summary>How many tokens there are in all: 256 bytes, the merged ones, and the special ones.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The special tokens, which take the last ids; Llama 3's 256 when not set.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = Llama3SpecialTokens.Original;

    /// <summary>A pair that occurs less often in the corpus does not become a token; the vocabulary then stays smaller than asked for.</summary>
    public int MinimumCount { get; init; } = 2;
}
