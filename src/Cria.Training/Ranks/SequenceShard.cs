using Cria.Tensors.Backends.Recording;
using Cria.Training.Data;

namespace Cria.Training.Ranks;

/// <summary>
/// One rank's part of a batch. Every row is cut into 2R stretches of equal length, and place r of a ring of R holds stretches r and 2R − 1 − r: under a causal mask that is the same work
/// everywhere. Where ranks share heads, each has a run of the rows of its place. Places that belong to no document stay, so that all parts are of one size; nothing is learnt there.
/// </summary>
/// <param name="layout">How ranks share the work.</param>
/// <param name="rank">Which rank.</param>
internal sealed class SequenceShard(RankLayout layout, int rank)
{
    private readonly List<SequenceSpan>[] spans = [.. Enumerable.Range(0, layout.Ring).Select(_ => new List<SequenceSpan>())];
    private long[] positions = [];

    /// <summary>Tokens of this rank.</summary>
    public List<int> Tokens { get; } = [];

    /// <summary>Their positions, each in its document.</summary>
    public List<long> Positions { get; } = [];

    /// <summary>What each is to be followed by, or <see cref="TrainingBatch.Ignored"/>.</summary>
    public List<int> Targets { get; } = [];

    /// <summary>What lies where, for every place of the ring.</summary>
    public IReadOnlyList<IReadOnlyList<SequenceSpan>> Spans => spans;

    /// <summary>Takes this rank's part of a batch, which all ranks have alike.</summary>
    public void Fill(TrainingBatch batch)
    {
        (int replica, int own, int share) = layout.At(rank);
        int length = batch.RowLength, stretch = layout.PaddedLength(length) / (2 * layout.Ring);
        int firstRow = batch.RowCount * replica / layout.Replicas, endRow = batch.RowCount * (replica + 1) / layout.Replicas;
        if (positions.Length != batch.Tokens.Length) positions = new long[batch.Tokens.Length];
        foreach (DocumentSpan document in batch.Documents)
        {
            for (int i = 0; i < document.Count; i++) positions[document.Start + i] = i;
        }
        FindSpans(batch, firstRow, endRow, stretch);
        Tokens.Clear();
        Positions.Clear();
        Targets.Clear();
        int rows = (endRow - firstRow) * 2 * stretch, first = rows / layout.Ulysses * share, end = rows / layout.Ulysses * (share + 1);
        for (int row = first; row < end; row++)
        {
            int half = row / stretch, place = Stretch(own, half % 2) * stretch + row % stretch, at = (firstRow + half / 2) * length + place;
            bool exists = place < length;
            Tokens.Add(exists ? batch.Tokens[at] : 0);
            Positions.Add(exists ? positions[at] : 0);
            Targets.Add(exists ? batch.Targets[at] : TrainingBatch.Ignored);
        }
    }

    /// <summary>The first or second stretch of a place.</summary>
    private int Stretch(int place, int half) => half == 0 ? place : 2 * layout.Ring - 1 - place;

    private void FindSpans(TrainingBatch batch, int firstRow, int endRow, int stretch)
    {
        ILookup<int, int> documents = Enumerable.Range(0, batch.Documents.Count).ToLookup(i => batch.Documents[i].Start / batch.RowLength);
        for (int place = 0; place < layout.Ring; place++)
        {
            spans[place].Clear();
            for (int half = 0; half < 2 * (endRow - firstRow); half++)
            {
                int row = firstRow + half / 2, from = row * batch.RowLength + Stretch(place, half % 2) * stretch, to = Math.Min(from + stretch, (row + 1) * batch.RowLength);
                foreach (int index in documents[row])
                {
                    DocumentSpan document = batch.Documents[index];
                    int first = Math.Max(from, document.Start), end = Math.Min(to, document.Start + document.Count);
                    if (first < end) spans[place].Add(new SequenceSpan(index, first - document.Start, half * stretch + first - from, end - first));
                }
            }
        }
    }
}
