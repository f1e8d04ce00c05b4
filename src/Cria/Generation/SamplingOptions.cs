using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Generation;

/// <summary>
/// How tokens are chosen and when an answer ends. What is null is as the model says, else as <see cref="Llama3"/>.
/// The order is: bias and penalties, constraint, temperature, top-k, typical, top-p, min-p, XTC; each filter sees the probabilities the one before it left, renormalized.
/// </summary>
public record SamplingOptions
{
    /// <summary>What the Llama 3 model cards use: temperature 0.6, top-p 0.9.</summary>
    public static SamplingOptions Llama3 { get; } = new() { Temperature = 0.6f, TopP = 0.9f };

    /// <summary>The most probable token each time.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Logits are divided by it; 0 is greedy. At least 0.</summary>
    public float? Temperature { get; init; }

    /// <summary>Only the k most probable tokens; 0 is off.</summary>
    public int? TopK { get; init; }

    /// <summary>Only the most probable tokens whose probabilities add up to this; 1 is off. Above 0, up to 1.</summary>
    public float? TopP { get; init; }

    /// <summary>Only tokens at least this many times as probable as the most probable one; 0 is off. 0 to 1.</summary>
    public float? MinP { get; init; }

    /// <summary>Locally typical sampling (arXiv 2202.00666): only the tokens whose surprise is nearest the entropy, until their probabilities add up to this; 1 is off. Above 0, up to 1.</summary>
    public float? TypicalP { get; init; }

    /// <summary>
    /// How often the most probable tokens are left out ("exclude top choices"): at this share of the steps, of the tokens at least as probable as <see cref="XtcThreshold"/> only the least probable stays.
    /// 0 is off. 0 to 1.
    /// </summary>
    public float? XtcProbability { get; init; }

    /// <summary>Which tokens <see cref="XtcProbability"/> concerns, by default 0.1. 0 to 1; above 0.5 there are never two.</summary>
    public float? XtcThreshold { get; init; }

    /// <summary>Logits of tokens that occur in the prompt or the answer are divided by it when positive and multiplied when negative (arXiv 1909.05858); 1 is off. Above 0.</summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>How many of the last tokens <see cref="RepetitionPenalty"/> looks at; 0 is all.</summary>
    public int? RepetitionWindow { get; init; }

    /// <summary>Subtracted from a token's logit for each time it occurs in the answer; 0 is off.</summary>
    public float? FrequencyPenalty { get; init; }

    /// <summary>Subtracted from the logit of each token that occurs in the answer; 0 is off.</summary>
    public float? PresencePenalty { get; init; }

    /// <summary>Added to the logits of the named tokens; negative infinity forbids one.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Equal seeds give equal answers to equal prompts, whatever else runs. Null draws one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>No stop token and no stop string before this many tokens.</summary>
    public int? MinTokens { get; init; }

    /// <summary>The answer ends after this many tokens; null is as many as fit.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Tokens that end the answer and are not part of it; null is those of the model.</summary>
    public IReadOnlyList<int>? StopTokens { get; init; }

    /// <summary>Asks for the log-probability of each chosen token and of this many of the most probable ones, all before temperature and filters; null asks for none.</summary>
    public int? LogProbabilities { get; init; }

    /// <summary>The settings a model file carries under <c>general.sampling</c>.</summary>
    public static SamplingOptions From(ModelMetadata metadata)
    {
        const string Prefix = "general.sampling.";
        return new SamplingOptions
        {
            Temperature = Number("temp") ?? Number("temperature"),
            TopK = Whole("top_k"),
            TopP = Number("top_p"),
            MinP = Number("min_p"),
            TypicalP = Number("typical_p") ?? Number("typ_p"),
            XtcProbability = Number("xtc_probability"),
            XtcThreshold = Number("xtc_threshold"),
            RepetitionPenalty = Number("penalty_repeat"),
            RepetitionWindow = Whole("penalty_last_n"),
        };

        float? Number(string key) => metadata.Contains(Prefix + key) ? (float)metadata.Number(Prefix + key) : null;

        // Negative counts mean "all" or "off" there.
        int? Whole(string key) => metadata.Contains(Prefix + key) ? (int)Math.Clamp(metadata.Integer(Prefix + key), 0, int.MaxValue) : null;
    }

    /// <summary>These options, with what is null taken from <paramref name="defaults"/>.</summary>
    public SamplingOptions OrElse(SamplingOptions defaults) => this with
    {
        Temperature = Temperature ?? defaults.Temperature,
        TopK = TopK ?? defaults.TopK,
        TopP = TopP ?? defaults.TopP,
        MinP = MinP ?? defaults.MinP,
        TypicalP = TypicalP ?? defaults.TypicalP,
        XtcProbability = XtcProbability ?? defaults.XtcProbability,
        XtcThreshold = XtcThreshold ?? defaults.XtcThreshold,
        RepetitionPenalty = RepetitionPenalty ?? defaults.RepetitionPenalty,
        RepetitionWindow = RepetitionWindow ?? defaults.RepetitionWindow,
        FrequencyPenalty = FrequencyPenalty ?? defaults.FrequencyPenalty,
        PresencePenalty = PresencePenalty ?? defaults.PresencePenalty,
        LogitBias = LogitBias ?? defaults.LogitBias,
        Seed = Seed ?? defaults.Seed,
        MinTokens = MinTokens ?? defaults.MinTokens,
        MaxTokens = MaxTokens ?? defaults.MaxTokens,
        StopTokens = StopTokens ?? defaults.StopTokens,
        LogProbabilities = LogProbabilities ?? defaults.LogProbabilities,
    };

    /// <summary>Throws <see cref="CriaException"/> naming the first value that is out of range for a vocabulary of <paramref name="vocabularySize"/> tokens.</summary>
    public void Validate(int vocabularySize)
    {
        Check(Temperature is null or (>= 0 and <= 1000), "temperature", Temperature, "0 to 1000");
        Check(TopK is null or >= 0, "top-k", TopK, "0 (off) or more");
        Check(TopP is null or (> 0 and <= 1), "top-p", TopP, "above 0, up to 1");
        Check(MinP is null or (>= 0 and <= 1), "min-p", MinP, "0 to 1");
        Check(TypicalP is null or (> 0 and <= 1), "typical-p", TypicalP, "above 0, up to 1");
        Check(XtcProbability is null or (>= 0 and <= 1), "XTC probability", XtcProbability, "0 to 1");
        Check(XtcThreshold is null or (>= 0 and <= 1), "XTC threshold", XtcThreshold, "0 to 1");
        Check(RepetitionPenalty is null or (> 0 and <= 1000), "repetition penalty", RepetitionPenalty, "above 0, up to 1000");
        Check(RepetitionWindow is null or >= 0, "repetition window", RepetitionWindow, "0 (all) or more");
        Check(FrequencyPenalty is null or (>= -1000 and <= 1000), "frequency penalty", FrequencyPenalty, "-1000 to 1000");
        Check(PresencePenalty is null or (>= -1000 and <= 1000), "presence penalty", PresencePenalty, "-1000 to 1000");
        Check(MinTokens is null or >= 0, "minimum of tokens", MinTokens, "0 or more");
        Check(MaxTokens is null or >= 0, "maximum of tokens", MaxTokens, "0 or more");
        Check(MinTokens is null || MaxTokens is null || MinTokens <= MaxTokens, "minimum of tokens", MinTokens, "at most the maximum");
        Check(LogProbabilities is null || (LogProbabilities >= 0 && LogProbabilities <= vocabularySize), "number of log-probabilities", LogProbabilities, $"0 to {vocabularySize}");
        foreach ((int token, float bias) in LogitBias ?? new Dictionary<int, float>())
        {
            Check(token >= 0 && token < vocabularySize, "token of the logit bias", token, $"0 to {vocabularySize - 1}");
            Check(bias < float.PositiveInfinity, "logit bias", bias, "a number");
        }
        foreach (int token in StopTokens ?? []) Check(token >= 0 && token < vocabularySize, "stop token", token, $"0 to {vocabularySize - 1}");
    }

    private static void Check(bool valid, string name, IFormattable? value, string range)
    {
        if (!valid) throw new CriaException(FormattableString.Invariant($"the {name} is {value}, but must be {range}"));
    }
}
