using Cria.Evaluation.Positions;

namespace Cria.Extension;

/// <summary>A rotary base that was tried.</summary>
/// <param name="Theta">The base.</param>
/// <param name="Losses">The losses with it.</param>
/// <param name="Rule">The rule that names this base; null for one of the search's own.</param>
public sealed record ThetaTrial(double Theta, PositionLosses Losses, string? Rule);

/// <summary>What a search found.</summary>
/// <param name="Trials">Every base that was tried, smallest first.</param>
/// <param name="Best">The one with the smallest mean loss.</param>
/// <param name="IsAtEdge">True when that is the smallest or the largest that was tried, so that a better one may lie beyond.</param>
public sealed record ThetaSearchResult(IReadOnlyList<ThetaTrial> Trials, ThetaTrial Best, bool IsAtEdge);

/// <summary>
/// Finds the rotary base with which a model foresees long documents best: log-spaced bases and those that rules give are measured, then golden section on the logarithm
/// narrows the neighbourhood of the best down. The network stays as it is; only its rotary frequencies change.
/// </summary>
public sealed class ThetaSearch
{
    private static readonly double Golden = (Math.Sqrt(5) - 1) / 2;

    private readonly Func<double, PositionLosses> measure;
    private readonly List<ThetaTrial> trials = [];

    /// <summary>Prepares a search; <paramref name="measure"/> runs the documents with a base.</summary>
    public ThetaSearch(Func<double, PositionLosses> measure) => this.measure = measure;

    /// <summary>Searches between two bases.</summary>
    /// <param name="lowest">The smallest base to try, above 1.</param>
    /// <param name="highest">The largest.</param>
    /// <param name="points">How many log-spaced bases to try, at least 3.</param>
    /// <param name="refinements">Steps of golden section after that.</param>
    /// <param name="rules">Bases with names, to be tried too where they lie in the range.</param>
    /// <param name="progress">Hears each trial.</param>
    public ThetaSearchResult Run(double lowest, double highest, int points, int refinements, IReadOnlyDictionary<string, double> rules, IProgress<ThetaTrial>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 3);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lowest, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(highest, lowest);
        trials.Clear();
        for (int i = 0; i < points; i++) Try(lowest * Math.Pow(highest / lowest, (double)i / (points - 1)), null, progress);
        foreach ((string rule, double theta) in rules)
            if (theta >= lowest && theta <= highest) Try(theta, rule, progress);
        Refine(refinements, progress);
        trials.Sort((x, y) => x.Theta.CompareTo(y.Theta));
        ThetaTrial best = Best();
        return new ThetaSearchResult([.. trials], best, best == trials[0] || best == trials[^1]);
    }

    /// <summary>Golden section between the neighbours of the best: each step measures one base and drops the worse end.</summary>
    private void Refine(int steps, IProgress<ThetaTrial>? progress)
    {
        ThetaTrial best = Best();
        double low = trials.Where(trial => trial.Theta < best.Theta).Select(trial => trial.Theta).DefaultIfEmpty(double.NaN).Max();
        double high = trials.Where(trial => trial.Theta > best.Theta).Select(trial => trial.Theta).DefaultIfEmpty(double.NaN).Min();
        // At an edge there is nothing to narrow down: the best may lie beyond.
        if (double.IsNaN(low) || double.IsNaN(high) || steps == 0) return;
        double a = Math.Log(low), b = Math.Log(high);
        double x1 = b - Golden * (b - a), x2 = a + Golden * (b - a);
        double f1 = Try(Math.Exp(x1), null, progress), f2 = steps > 1 ? Try(Math.Exp(x2), null, progress) : double.PositiveInfinity;
        for (int step = 2; step < steps; step++)
        {
            if (f1 <= f2)
            {
                (b, x2, f2) = (x2, x1, f1);
                x1 = b - Golden * (b - a);
                f1 = Try(Math.Exp(x1), null, progress);
            }
            else
            {
                (a, x1, f1) = (x1, x2, f2);
                x2 = a + Golden * (b - a);
                f2 = Try(Math.Exp(x2), null, progress);
            }
        }
    }

    private double Try(double theta, string? rule, IProgress<ThetaTrial>? progress)
    {
        int known = trials.FindIndex(trial => Math.Abs(trial.Theta / theta - 1) < 1e-9);
        if (known >= 0)
        {
            if (rule is not null) trials[known] = trials[known] with { Rule = trials[known].Rule is { } other ? $"{other}, {rule}" : rule };
            return trials[known].Losses.Mean.Value;
        }
        var trial = new ThetaTrial(theta, measure(theta), rule);
        trials.Add(trial);
        progress?.Report(trial);
        return trial.Losses.Mean.Value;
    }

    private ThetaTrial Best() => trials.MinBy(trial => double.IsNaN(trial.Losses.Mean.Value) ? double.PositiveInfinity : trial.Losses.Mean.Value)!;
}
