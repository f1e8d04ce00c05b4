namespace Cria.Training.Data;

/// <summary>
/// Which documents share which row. The documents are drawn in windows; inside a window the longest go first, each into the fullest row that still has room for it
/// (best-fit decreasing, arXiv 2404.10830), and at last the rows are drawn into an order of their own. Seed and epoch alone decide.
/// </summary>
internal sealed class RowPlan
{
    // Long enough that hardly any room is left over, short enough that who shares a row stays a matter of chance.
    private const int Window = 4096;

    private readonly int[] documents;
    private readonly int[] ends;

    private RowPlan(int[] documents, int[] ends)
    {
        this.documents = documents;
        this.ends = ends;
    }

    /// <summary>Number of rows.</summary>
    public int RowCount => ends.Length;

    /// <summary>The documents of a row, by number.</summary>
    public ReadOnlySpan<int> Row(int row)
    {
        int start = row == 0 ? 0 : ends[row - 1];
        return documents.AsSpan(start, ends[row] - start);
    }

    /// <summary>Plans one epoch.</summary>
    /// <param name="source">The documents; one of n tokens takes n - 1 places, and one of a single token none.</param>
    /// <param name="rowLength">Places of a row; no document takes more.</param>
    /// <param name="seed">Seed of the order; null for the order of the source, rows filled one after the other.</param>
    /// <param name="epoch">The pass.</param>
    public static RowPlan Create(IExampleSource source, int rowLength, ulong? seed, int epoch)
    {
        int[] order = seed is { } drawn ? Shuffle.Order(source.Count, drawn, (ulong)epoch) : [.. Enumerable.Range(0, source.Count)];
        List<List<int>> rows = [];
        for (int start = 0; start < order.Length; start += Window)
            Pack(source, order.AsSpan(start, Math.Min(Window, order.Length - start)), rowLength, rows);
        List<int>[] shuffled = [.. rows];
        if (seed is { } again) Shuffle.Draw(shuffled.AsSpan(), again, Shuffle.Rows + (ulong)epoch);
        int end = 0;
        return new RowPlan([.. shuffled.SelectMany(row => row)], [.. shuffled.Select(row => end += row.Count)]);
    }

    private static void Pack(IExampleSource source, Span<int> window, int rowLength, List<List<int>> rows)
    {
        // The sort keeps the drawn order of equal lengths.
        IEnumerable<(int Document, int Places)> longestFirst = window.ToArray().Select(document => (document, source.Length(document) - 1)).OrderByDescending(item => item.Item2);
        Dictionary<int, Stack<List<int>>> open = [];
        var rooms = new SortedSet<int>();
        foreach ((int document, int places) in longestFirst)
        {
            if (places < 1) break;
            int room = rooms.GetViewBetween(places, rowLength).Min;
            List<int> row;
            if (room == 0)
            {
                rows.Add(row = []);
                room = rowLength;
            }
            else
            {
                row = open[room].Pop();
                if (open[room].Count == 0) rooms.Remove(room);
            }
            row.Add(document);
            room -= places;
            if (room == 0) continue;
            if (!open.TryGetValue(room, out Stack<List<int>>? stack)) open.Add(room, stack = new Stack<List<int>>());
            stack.Push(row);
            rooms.Add(room);
        }
    }
}
