namespace Cria.Evaluation.Positions;

/// <summary>The loss of a stretch of positions.</summary>
/// <param name="From">First position, from 0.</param>
/// <param name="To">Position after the last.</param>
/// <param name="Loss">Mean negative log-likelihood of the tokens that follow those positions, in nats.</param>
public sealed record PositionLoss(int From, int To, double Loss);

/// <summary>How well documents were foreseen, by position.</summary>
/// <param name="Stretches">Stretches of equal length, in order.</param>
/// <param name="Mean">Mean loss over all positions, with the standard error between documents, 0 for a single one.</param>
/// <param name="Documents">Documents measured.</param>
/// <param name="Tokens">Tokens foreseen.</param>
public sealed record PositionLosses(IReadOnlyList<PositionLoss> Stretches, Estimate Mean, int Documents, long Tokens)
{
    /// <summary>The mean loss of the stretches that begin at or after <paramref name="position"/>; NaN when none does.</summary>
    public double From(long position) => Average(Stretches.Where(stretch => stretch.From >= position));

    /// <summary>The mean loss of the stretches that end at or before <paramref name="position"/>; NaN when none does.</summary>
    public double Until(long position) => Average(Stretches.Where(stretch => stretch.To <= position));

    private static double Average(IEnumerable<PositionLoss> stretches)
    {
        double sum = 0;
        long count = 0;
        foreach (PositionLoss stretch in stretches)
        {
            sum += stretch.Loss * (stretch.To - stretch.From);
            count += stretch.To - stretch.From;
        }
        return count > 0 ? sum / count : double.NaN;
    }
}
