namespace Cria.Tensors.Backends.Recording;

/// <summary>One rank's share of the rows of every weight: those whose gradients it sums up and whose optimizer state it keeps (arXiv 1910.02054, stage 1).</summary>
/// <param name="Rank">Which share, from 0.</param>
/// <param name="Count">How many there are.</param>
public readonly record struct RankShare(int Rank, int Count)
{
    /// <summary>Everything: one rank alone.</summary>
    public static RankShare Whole => new(0, 1);

    /// <summary>The rows of a weight of <paramref name="rows"/> rows that the share of <paramref name="rank"/> has.</summary>
    public (int First, int Count) RowsOf(int rank, int rows)
    {
        int first = (int)((long)rows * rank / Count), end = (int)((long)rows * (rank + 1) / Count);
        return (first, end - first);
    }

    /// <summary>The rows of this share.</summary>
    public (int First, int Count) RowsOf(int rows) => RowsOf(Rank, rows);
}
