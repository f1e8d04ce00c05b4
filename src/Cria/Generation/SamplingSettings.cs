namespace Cria.Generation;

/// <summary><see cref="SamplingOptions"/> with every choice made, checked and in the form the sampler uses.</summary>
internal sealed class SamplingSettings
{
    public SamplingSettings(SamplingOptions options, IReadOnlyList<int> modelStopTokens, int vocabularySize)
    {
        options.Validate(vocabularySize);
        Temperature = options.Temperature ?? 1;
        TopK = options.TopK is { } k && k < vocabularySize ? k : 0;
        TopP = options.TopP ?? 1;
        MinP = options.MinP ?? 0;
        TypicalP = options.TypicalP ?? 1;
        XtcThreshold = Math.Max(options.XtcThreshold ?? 0.1f, 1e-6f);
        XtcProbability = options.XtcProbability ?? 0;
        RepetitionPenalty = options.RepetitionPenalty ?? 1;
        RepetitionWindow = options.RepetitionWindow ?? 0;
        FrequencyPenalty = options.FrequencyPenalty ?? 0;
        PresencePenalty = options.PresencePenalty ?? 0;
        Bias = options.LogitBias is { } bias ? [.. bias.OrderBy(pair => pair.Key)] : [];
        Seed = options.Seed ?? unchecked((ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue));
        MinTokens = options.MinTokens ?? 0;
        MaxTokens = options.MaxTokens ?? int.MaxValue;
        StopTokens = [.. options.StopTokens ?? modelStopTokens];
        LogProbabilities = options.LogProbabilities ?? -1;
    }

    public float Temperature { get; }

    /// <summary>0: off.</summary>
    public int TopK { get; }

    public float TopP { get; }

    public float MinP { get; }

    public float TypicalP { get; }

    /// <summary>Above e^−14, so that every token it concerns is among the candidates.</summary>
    public float XtcThreshold { get; }

    /// <summary>0: off.</summary>
    public float XtcProbability { get; }

    public float RepetitionPenalty { get; }

    public int RepetitionWindow { get; }

    public float FrequencyPenalty { get; }

    public float PresencePenalty { get; }

    public KeyValuePair<int, float>[] Bias { get; }

    public ulong Seed { get; }

    public int MinTokens { get; }

    public int MaxTokens { get; }

    public int[] StopTokens { get; }

    /// <summary>−1: none; 0: of the chosen token; n: and of the n most probable.</summary>
    public int LogProbabilities { get; }

    public bool HasPenalties => RepetitionPenalty != 1 || FrequencyPenalty != 0 || PresencePenalty != 0;
}
