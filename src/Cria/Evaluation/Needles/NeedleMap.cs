namespace Cria.Evaluation.Needles;

/// <summary>The score of a cell.</summary>
/// <param name="Context">The context's length, in tokens.</param>
/// <param name="Depth">The needle's depth, from 0 to 1.</param>
/// <param name="Forced">Share of the numbers whose every token was the likeliest with the right ones before it.</param>
/// <param name="Found">Share of the numbers that the model wrote by itself.</param>
/// <param name="Results">The results behind it, by round.</param>
public sealed record NeedleScore(int Context, double Depth, double Forced, double Found, IReadOnlyList<NeedleResult> Results);

/// <summary>A needle map: what was found at each length and depth.</summary>
public sealed class NeedleMap
{
    /// <summary>Gathers the results of a grid. Cells without a result are left out.</summary>
    public NeedleMap(string model, NeedleOptions options, IEnumerable<NeedleResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        Model = model;
        Options = options;
        var grid = new NeedleGrid(options);
        Contexts = grid.Contexts;
        Depths = grid.Depths;
        Scores = [.. results.GroupBy(result => (result.Cell.Context, result.Cell.Depth)).OrderBy(group => group.Key.Context).ThenBy(group => group.Key.Depth)
            .Select(group => new NeedleScore(group.Key.Context, group.Key.Depth, Share(group, result => result.IsForced), Share(group, result => result.IsFound), [.. group.OrderBy(result => result.Cell.Round)]))];
    }

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <summary>What the map covers.</summary>
    public NeedleOptions Options { get; }

    /// <summary>The lengths.</summary>
    public IReadOnlyList<int> Contexts { get; }

    /// <summary>The depths.</summary>
    public IReadOnlyList<double> Depths { get; }

    /// <summary>The scores, by length and depth.</summary>
    public IReadOnlyList<NeedleScore> Scores { get; }

    /// <summary>Whether the map is all there.</summary>
    public bool IsWhole => Results.Count() == Contexts.Count * Depths.Count * Options.Rounds;

    /// <summary>Every result.</summary>
    public IEnumerable<NeedleResult> Results => Scores.SelectMany(score => score.Results);

    /// <summary>The mean of EasyContext's score.</summary>
    public double Forced => Scores.Count == 0 ? 0 : Scores.Average(score => score.Forced);

    /// <summary>The mean share that the model wrote by itself.</summary>
    public double Found => Scores.Count == 0 ? 0 : Scores.Average(score => score.Found);

    /// <summary>Tokens of all prompts.</summary>
    public long PromptTokens => Results.Sum(result => (long)result.PromptTokens);

    /// <summary>Those of them that were computed once for several cells.</summary>
    public long CachedTokens => Results.Sum(result => (long)result.CachedTokens);

    /// <summary>Time of all cells, in seconds.</summary>
    public double Seconds => Results.Sum(result => result.Seconds);

    /// <summary>The score of a cell; null when it was not run.</summary>
    public NeedleScore? Find(int context, double depth) => Scores.FirstOrDefault(score => score.Context == context && score.Depth == depth);

    private static double Share(IEnumerable<NeedleResult> results, Func<NeedleResult, bool> isRight) => results.Average(result => isRight(result) ? 1.0 : 0);
}
