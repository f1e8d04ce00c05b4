using Cria.Generation;

namespace Cria;

/// <summary>How a text is generated: everything of <see cref="SamplingOptions"/>, and what concerns text. What is null is as the model says.</summary>
public sealed record GenerationOptions : SamplingOptions
{
    /// <summary>The answer ends before the first of these texts, wherever it lies in the tokens.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Shows special tokens that the model writes, such as <c>&lt;|python_tag|&gt;</c>, as text.</summary>
    public bool ShowSpecialTokens { get; init; }

    /// <summary>Larger goes first when requests compete.</summary>
    public int Priority { get; init; }

    /// <summary>The name of the adapter to answer with, one of <see cref="LoadOptions.NamedAdapters"/>; null is none.</summary>
    public string? Adapter { get; init; }

    /// <summary>Makes the constraint of one answer, such as a grammar; null lets everything through.</summary>
    public Func<ITokenConstraint>? Constraint { get; init; }
}
