namespace Cria.Evaluation.Ruler;

/// <summary>What is measured.</summary>
public sealed record RulerOptions
{
    /// <summary>The tasks.</summary>
    public IReadOnlyList<RulerTask> Tasks { get; init; } = RulerTask.All;

    /// <summary>The lengths, in tokens, of prompt and answer together.</summary>
    public required IReadOnlyList<int> Lengths { get; init; }

    /// <summary>Samples of each task at each length; RULER takes 500.</summary>
    public int Samples { get; init; } = 20;

    /// <summary>Where the random numbers begin.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Ask through the model's chat template.</summary>
    public bool IsChat { get; init; }
}
