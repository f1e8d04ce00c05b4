namespace Cria.Tensors.Backends;

/// <summary>One sequence's part of a batch: <paramref name="Count"/> tokens in consecutive rows from <paramref name="Row"/>, at consecutive positions from <paramref name="Position"/>.</summary>
/// <param name="Row">First row in the batch.</param>
/// <param name="Count">Tokens of this sequence in the batch.</param>
/// <param name="Position">Position of the first of them; everything before it is in the cache.</param>
/// <param name="Pages">The sequence's pages, in order; at least enough for <c>Position + Count</c>.</param>
public readonly record struct AttentionSlice(int Row, int Count, long Position, int[] Pages);
