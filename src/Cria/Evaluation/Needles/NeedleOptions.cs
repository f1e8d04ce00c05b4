namespace Cria.Evaluation.Needles;

/// <summary>What a needle map covers, by the names of the Gradient model cards.</summary>
public sealed record NeedleOptions
{
    /// <summary>The longest context, in tokens.</summary>
    public required int MaxContextLength { get; init; }

    /// <summary>The shortest.</summary>
    public required int MinContextLength { get; init; }

    /// <summary>From one context to the next.</summary>
    public required int ContextInterval { get; init; }

    /// <summary>From one depth to the next, as a share of the haystack: 0.2 gives the six depths 0, 0.2 … 1.</summary>
    public double DepthInterval { get; init; } = 0.2;

    /// <summary>Digits of the number.</summary>
    public int NumberDigits { get; init; } = 8;

    /// <summary>Distinct tokens of the haystack, after which it begins again; null takes all there are.</summary>
    public int? GeneratorTokens { get; init; }

    /// <summary>Numbers tried in each cell.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Where the random numbers begin.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Needles about other places.</summary>
    public int Distractors { get; init; }

    /// <summary>The words.</summary>
    public NeedleForm Form { get; init; } = NeedleForm.EasyContext;

    /// <summary>Ask through the model's chat template.</summary>
    public bool IsChat { get; init; }

    /// <summary>Count a context's tokens as EasyContext does, in haystack alone; else the whole prompt with its answer is counted, so that a map may reach the end of a model's context.</summary>
    public bool CountsHaystackOnly { get; init; }
}
