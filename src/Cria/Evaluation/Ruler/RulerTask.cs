using Cria.Tensors;

namespace Cria.Evaluation.Ruler;

/// <summary>A task of RULER (arXiv 2404.06654), by the name it has there.</summary>
/// <param name="Name">The name.</param>
/// <param name="TokensToGenerate">Tokens the model may write.</param>
public abstract record RulerTask(string Name, int TokensToGenerate)
{
    /// <summary>The needle tasks and variable tracking, in RULER's order.</summary>
    public static IReadOnlyList<RulerTask> All { get; } =
    [
        new RetrievalTask("niah_single_1", RulerHaystack.Noise),
        new RetrievalTask("niah_single_2", RulerHaystack.Essay),
        new RetrievalTask("niah_single_3", RulerHaystack.Essay) { Values = RulerWord.Uuids },
        new RetrievalTask("niah_multikey_1", RulerHaystack.Essay) { KeyCount = 4 },
        new RetrievalTask("niah_multikey_2", RulerHaystack.Needles),
        new RetrievalTask("niah_multikey_3", RulerHaystack.Needles) { Keys = RulerWord.Uuids, Values = RulerWord.Uuids },
        new RetrievalTask("niah_multivalue", RulerHaystack.Essay) { ValueCount = 4 },
        new RetrievalTask("niah_multiquery", RulerHaystack.Essay) { QueryCount = 4 },
        new VariableTask("vt"),
    ];

    /// <summary>Finds a task by its name.</summary>
    /// <exception cref="CriaException">There is none.</exception>
    public static RulerTask Parse(string name) => All.FirstOrDefault(task => task.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new CriaException($"'{name}' is not a task; choose from {string.Join(", ", All.Select(task => task.Name))}");

    /// <summary>Whether it hides its needles in essays.</summary>
    public virtual bool NeedsEssays => false;

    /// <summary>How many units of haystack fewer are tried where a sample is too long.</summary>
    internal abstract int Step(int length);

    /// <summary>Makes a sample with so many units of haystack.</summary>
    internal abstract RulerText Make(int units, RulerDice dice, RulerContext context);
}

/// <summary>What needles are hidden in.</summary>
public enum RulerHaystack
{
    /// <summary>Four sentences, repeated.</summary>
    Noise,
    /// <summary>Essays.</summary>
    Essay,
    /// <summary>Other needles.</summary>
    Needles,
}

/// <summary>What keys and values are.</summary>
public enum RulerWord
{
    /// <summary>Numbers of seven digits.</summary>
    Numbers,
    /// <summary>An adjective and a noun.</summary>
    Words,
    /// <summary>Universally unique identifiers.</summary>
    Uuids,
}

/// <summary>A sample as text.</summary>
/// <param name="Input">What is asked.</param>
/// <param name="AnswerPrefix">How the answer begins.</param>
/// <param name="Outputs">What must stand in the answer.</param>
public sealed record RulerText(string Input, string AnswerPrefix, IReadOnlyList<string> Outputs);
