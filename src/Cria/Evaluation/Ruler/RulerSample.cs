namespace Cria.Evaluation.Ruler;

/// <summary>A sample of a task at a length.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Length">Most tokens of prompt and answer together.</param>
/// <param name="Index">Which sample.</param>
public readonly record struct RulerCell(string Task, int Length, int Index);

/// <summary>A prompt, and what must stand in the answer.</summary>
/// <param name="Cell">Which sample it is.</param>
/// <param name="Prompt">The prompt's tokens.</param>
/// <param name="Outputs">What must stand in the answer.</param>
/// <param name="TokensToGenerate">Tokens the model may write.</param>
public sealed record RulerSample(RulerCell Cell, int[] Prompt, IReadOnlyList<string> Outputs, int TokensToGenerate);

/// <summary>What a model said to a sample.</summary>
/// <param name="Cell">Which sample it is.</param>
/// <param name="Outputs">What had to stand in the answer.</param>
/// <param name="Said">The answer.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
public sealed record RulerResult(RulerCell Cell, IReadOnlyList<string> Outputs, string Said, int PromptTokens)
{
    /// <summary>RULER's string_match_all: the share of the outputs that stand in the answer, whatever their case.</summary>
    public double MatchAll => Outputs.Average(output => Said.Contains(output, StringComparison.OrdinalIgnoreCase) ? 1.0 : 0);

    /// <summary>RULER's string_match_part: whether any of them does.</summary>
    public double MatchPart => Outputs.Any(output => Said.Contains(output, StringComparison.OrdinalIgnoreCase)) ? 1 : 0;
}
