using System.Buffers;

namespace Cria.Tokenization;

/// <summary>
/// Byte-pair merging of one piece: while any two neighbours may merge, the pair of lowest rank does, the leftmost of equals first.
/// Short pieces search for the lowest rank (a few dozen comparisons); long ones keep a heap, n log n in all.
/// </summary>
internal static class Merger
{
    private const int LongestScan = 48;

    /// <summary>Merges in place and returns how many symbols are left.</summary>
    public static int Merge(MergeTable table, Span<int> symbols) => symbols.Length <= LongestScan ? Scan(table, symbols) : Heap(table, symbols);

    private static int Scan(MergeTable table, Span<int> symbols)
    {
        Span<int> ranks = stackalloc int[LongestScan];
        Span<int> results = stackalloc int[LongestScan];
        int count = symbols.Length;
        for (int i = 0; i + 1 < count; i++)
            ranks[i] = table.Rank(symbols[i], symbols[i + 1], out results[i]);
        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i < count - 1; i++)
            {
                if (ranks[i] < ranks[best])
                    best = i;
            }
            if (ranks[best] == MergeTable.Never)
                break;
            symbols[best] = results[best];
            symbols[(best + 2)..count].CopyTo(symbols[(best + 1)..]);
            ranks[(best + 1)..(count - 1)].CopyTo(ranks[best..]);
            results[(best + 1)..(count - 1)].CopyTo(results[best..]);
            count--;
            if (best + 1 < count)
                ranks[best] = table.Rank(symbols[best], symbols[best + 1], out results[best]);
            if (best > 0)
                ranks[best - 1] = table.Rank(symbols[best - 1], symbols[best], out results[best - 1]);
        }
        return count;
    }

    private static int Heap(MergeTable table, Span<int> symbols)
    {
        int count = symbols.Length;
        int[] rented = ArrayPool<int>.Shared.Rent(4 * count);
        MergeHeap heap = new(count);
        try
        {
            Span<int> previous = rented.AsSpan(0, count);
            Span<int> next = rented.AsSpan(count, count);
            Span<int> ranks = rented.AsSpan(2 * count, count);
            Span<int> results = rented.AsSpan(3 * count, count);
            for (int i = 0; i < count; i++)
            {
                previous[i] = i - 1;
                next[i] = i + 1;
                ranks[i] = i + 1 < count ? table.Rank(symbols[i], symbols[i + 1], out results[i]) : MergeTable.Never;
                if (ranks[i] != MergeTable.Never)
                    heap.Push(ranks[i], i);
            }
            while (heap.TryPop(out int rank, out int left))
            {
                // A rank that is no longer the place's own belongs to a pair that another merge has broken up.
                if (ranks[left] != rank)
                    continue;
                int right = next[left];
                int after = next[right];
                symbols[left] = results[left];
                ranks[right] = MergeTable.Never;
                next[left] = after;
                ranks[left] = MergeTable.Never;
                if (after < count)
                {
                    previous[after] = left;
                    ranks[left] = table.Rank(symbols[left], symbols[after], out results[left]);
                    if (ranks[left] != MergeTable.Never)
                        heap.Push(ranks[left], left);
                }
                int before = previous[left];
                if (before >= 0)
                {
                    ranks[before] = table.Rank(symbols[before], symbols[left], out results[before]);
                    if (ranks[before] != MergeTable.Never)
                        heap.Push(ranks[before], before);
                }
            }
            int kept = 0;
            for (int i = 0; i < count; i = next[i])
                symbols[kept++] = symbols[i];
            return kept;
        }
        finally
        {
            heap.Dispose();
            ArrayPool<int>.Shared.Return(rented);
        }
    }
}
