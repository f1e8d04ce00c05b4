namespace Cria.Evaluation.Ruler;

/// <summary>What samples are made with.</summary>
/// <param name="Essays">The essays' words; empty where no task needs them.</param>
/// <param name="CountTokens">Counts the tokens of a text.</param>
internal sealed record RulerContext(IReadOnlyList<string> Essays, Func<string, int> CountTokens);
