namespace Cria.Training.Ranks;

/// <summary>
/// A group of ranks and what they do together. Every rank of a group calls the same methods in the same order. Memory given to <see cref="BeginShift"/> lies outside the managed heap
/// and stays until <see cref="EndShift"/>.
/// </summary>
public interface ICollectives
{
    /// <summary>This rank, from 0.</summary>
    int Rank { get; }

    /// <summary>Ranks of the group.</summary>
    int Count { get; }

    /// <summary>The ranks that give the same colour as a group of their own, in the same order.</summary>
    ICollectives Split(int color);

    /// <summary>Waits for all.</summary>
    void Barrier();

    /// <summary>Adds the values up over all ranks; each gets the sums.</summary>
    void Sum(Span<double> values);

    /// <summary>Adds the values up; each rank gets its own share of the sums: as many elements as <paramref name="counts"/> says, the shares one behind the other.</summary>
    void SumShares(ReadOnlySpan<float> values, Span<float> share, ReadOnlySpan<int> counts);

    /// <summary>Gives every rank all shares; its own is in its place before.</summary>
    void GatherShares(Span<float> values, ReadOnlySpan<int> counts);

    /// <summary>Brings all shares to rank 0; elsewhere <paramref name="values"/> is empty.</summary>
    void Collect(ReadOnlySpan<float> share, Span<float> values, ReadOnlySpan<int> counts);

    /// <summary>Gives every rank the same number of bytes of each: [ranks, bytes].</summary>
    void Gather(ReadOnlySpan<byte> own, Span<byte> all);

    /// <summary>Block i of <paramref name="send"/> goes to rank i, whose block for this one arrives in place i of <paramref name="receive"/>.</summary>
    void Exchange(ReadOnlySpan<float> send, Span<float> receive);

    /// <summary>Begins to send to the next rank while receiving from the one before, the last being before the first. Returns a number for <see cref="EndShift"/>.</summary>
    int BeginShift(ReadOnlySpan<float> send, Span<float> receive);

    /// <summary>Waits until both directions are done.</summary>
    void EndShift(int shift);

    /// <summary>Lets what is under way move on.</summary>
    void Progress();
}
