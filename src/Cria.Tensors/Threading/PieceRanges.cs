namespace Cria.Tensors.Threading;

/// <summary>
/// Pieces of work in a row, a stretch of them for each worker: who goes on where he stopped finds the memory he has asked for already.
/// A worker that is done takes from the others' stretches, so that all have work to the end.
/// </summary>
internal sealed class PieceRanges(int workers)
{
    /// <summary>Counters this far apart share no cache line.</summary>
    private const int Apart = 32;

    private readonly int[] next = new int[workers * Apart];
    private int total;

    /// <summary>Shares out <paramref name="pieces"/> pieces. No worker may be taking meanwhile.</summary>
    public void Share(int pieces)
    {
        total = pieces;
        for (int i = 0; i < workers; i++) next[i * Apart] = First(i);
    }

    /// <summary>
    /// The next pieces for a worker: one or, of its own stretch, up to <paramref name="most"/> while much of it is left, so that all still end at about the same time; then one of
    /// the others'. False when all are taken.
    /// </summary>
    public bool TryTake(int worker, int most, out int first, out int count)
    {
        for (int i = 0; i < workers; i++)
        {
            int owner = (worker + i) % workers, end = First(owner + 1);
            ref int counter = ref next[owner * Apart];
            int left = end - Volatile.Read(ref counter);
            if (left <= 0) continue;
            int wanted = i == 0 ? Math.Clamp(left / 4, 1, most) : 1;
            first = Interlocked.Add(ref counter, wanted) - wanted;
            count = Math.Min(wanted, end - first);
            if (count > 0) return true;
        }
        (first, count) = (-1, 0);
        return false;
    }

    private int First(int worker) => (int)((long)total * worker / workers);
}
