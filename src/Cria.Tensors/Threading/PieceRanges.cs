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

    /// <summary>The next piece for a worker: of its own stretch, then of the others'. False when all are taken.</summary>
    public bool TryTake(int worker, out int piece)
    {
        for (int i = 0; i < workers; i++)
        {
            int owner = (worker + i) % workers;
            ref int counter = ref next[owner * Apart];
            if (Volatile.Read(ref counter) >= First(owner + 1)) continue;
            piece = Interlocked.Increment(ref counter) - 1;
            if (piece < First(owner + 1)) return true;
        }
        piece = -1;
        return false;
    }

    private int First(int worker) => (int)((long)total * worker / workers);
}
