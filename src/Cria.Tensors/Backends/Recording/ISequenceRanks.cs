namespace Cria.Tensors.Backends.Recording;

/// <summary>
/// The ranks that share each sequence, as one of them sees them: where more keys and values come from. Tokens are spread over a ring of ranks, and inside a place of the ring
/// over ranks that take a share of the heads while attention is computed. Memory given to these methods stays where it is until the exchange has ended.
/// Every rank calls the same methods in the same order.
/// </summary>
public interface ISequenceRanks
{
    /// <summary>This rank's place in the ring.</summary>
    int Place { get; }

    /// <summary>Places of the ring.</summary>
    int Places { get; }

    /// <summary>Ranks that stand in one place and share the heads.</summary>
    int HeadShares { get; }

    /// <summary>Begins to send to the next place while receiving from the one before. Several may be under way.</summary>
    /// <returns>A number for <see cref="EndShift"/>.</returns>
    int BeginShift(ReadOnlySpan<float> send, Span<float> receive);

    /// <summary>Waits until both directions are done.</summary>
    void EndShift(int shift);

    /// <summary>Lets what is under way move on; called now and then by the thread that began it.</summary>
    void Progress();

    /// <summary>Among the ranks of one place: block i of <paramref name="send"/> goes to rank i, whose block for this one arrives in place i of <paramref name="receive"/>.</summary>
    void Exchange(ReadOnlySpan<float> send, Span<float> receive);
}

/// <summary>A stretch of a document that lies in one piece in the rows of a place.</summary>
/// <param name="Document">Which document; a number that all places use.</param>
/// <param name="Position">Its first token's position in the document.</param>
/// <param name="Row">Where it begins among the rows of the place.</param>
/// <param name="Count">Its tokens.</param>
public readonly record struct SequenceSpan(int Document, long Position, int Row, int Count);
