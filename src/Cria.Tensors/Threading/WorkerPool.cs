namespace Cria.Tensors.Threading;

/// <summary>
/// A fixed set of threads that run one <see cref="ParallelJob"/> after another. Between jobs they spin for a while, because a step is hundreds of jobs
/// of tens of microseconds each, and then sleep, because an idle program must cost nothing. The calling thread is worker 0.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>About a millisecond of waiting before a worker goes to sleep.</summary>
    private const int SpinsBeforeSleep = 20_000;

    private readonly Thread[] threads;
    private readonly object sleepLock = new();
    private readonly Lock runLock = new();
    private ParallelJob? job;
    private Exception? failure;
    private int epoch;
    private int remaining;
    private int sleeping;
    private volatile bool stopping;

    /// <summary>Starts <paramref name="workerCount"/> − 1 threads.</summary>
    public WorkerPool(int workerCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workerCount);
        WorkerCount = workerCount;
        threads = new Thread[workerCount - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"cria worker {worker}" };
            threads[i].Start();
        }
    }

    /// <summary>Workers, the calling thread included.</summary>
    public int WorkerCount { get; }

    /// <summary>Runs the job on every worker and returns when all are done. A failure on any worker is thrown here.</summary>
    public void Run(ParallelJob work)
    {
        lock (runLock)
        {
            work.Restart();
            if (threads.Length == 0)
            {
                work.Run(0, 1);
                return;
            }
            job = work;
            Volatile.Write(ref remaining, threads.Length);
            Interlocked.Increment(ref epoch);
            if (Volatile.Read(ref sleeping) > 0)
            {
                lock (sleepLock) Monitor.PulseAll(sleepLock);
            }
            Guarded(work, 0);
            int spins = 0;
            while (Volatile.Read(ref remaining) > 0)
            {
                // The other workers may share this core with another program: after a while let it run.
                if (++spins < SpinsBeforeSleep) Thread.SpinWait(1);
                else Thread.Yield();
            }
            job = null;
            if (failure is { } thrown)
            {
                failure = null;
                throw new InvalidOperationException($"a worker failed: {thrown.Message}", thrown);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (stopping) return;
        stopping = true;
        Interlocked.Increment(ref epoch);
        lock (sleepLock) Monitor.PulseAll(sleepLock);
        foreach (Thread thread in threads) thread.Join();
    }

    private void Work(int worker)
    {
        int seen = 0;
        while (true)
        {
            int spins = 0;
            while (Volatile.Read(ref epoch) == seen)
            {
                if (++spins < SpinsBeforeSleep) Thread.SpinWait(1);
                else Sleep(seen);
            }
            seen++;
            if (stopping) return;
            Guarded(job!, worker);
            Interlocked.Decrement(ref remaining);
        }
    }

    private void Sleep(int seen)
    {
        lock (sleepLock)
        {
            Interlocked.Increment(ref sleeping);
            while (Volatile.Read(ref epoch) == seen) Monitor.Wait(sleepLock);
            Interlocked.Decrement(ref sleeping);
        }
    }

    private void Guarded(ParallelJob work, int worker)
    {
        try
        {
            work.Run(worker, WorkerCount);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref failure, e, null);
        }
    }
}
