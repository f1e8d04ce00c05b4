namespace Cria.Tensors.Threading;

/// <summary>Work that several workers do together. Jobs are kept and reused, so that running one allocates nothing.</summary>
internal abstract class ParallelJob
{
    private int next;

    /// <summary>Does this worker's share; called once on each of <paramref name="workerCount"/> workers at the same time.</summary>
    public abstract void Run(int worker, int workerCount);

    /// <summary>Does all of it on the calling thread: for work that is not worth waking the others.</summary>
    public void RunAlone()
    {
        Restart();
        Run(0, 1);
    }

    /// <summary>The next piece of work, for jobs cut into more pieces than there are workers; pieces are handed out in order.</summary>
    protected int TakeNext() => Interlocked.Increment(ref next) - 1;

    /// <summary>Called by the pool before each run.</summary>
    internal void Restart() => next = 0;
}
