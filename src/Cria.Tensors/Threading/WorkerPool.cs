using System.Diagnostics;

namespace Cria.Tensors.Threading;

/// <summary>
/// A fixed set of threads that run one <see cref="ParallelJob"/> after another. Between jobs they spin for a while, because a step is hundreds of jobs
/// of tens of microseconds each, and then sleep, because an idle program must cost nothing. The calling thread is worker 0.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>Some ten microseconds: about as long as workers that all have a core wait for each other.</summary>
    private const int SpinsBeforeYield = 400;

    /// <summary>
    /// How long a worker waits before it goes to sleep. By the clock and not by the number of waits: on a core that others need each takes as long as they are let run, and a pool without
    /// work would take turns with one that has some for seconds.
    /// </summary>
    private static readonly TimeSpan WaitBeforeSleep = TimeSpan.FromMilliseconds(1);

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
            while (Volatile.Read(ref remaining) > 0) Wait(++spins);
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
            long started = 0;
            while (Volatile.Read(ref epoch) == seen)
            {
                if (++spins == SpinsBeforeYield) started = Stopwatch.GetTimestamp();
                if (spins > SpinsBeforeYield && Stopwatch.GetElapsedTime(started) > WaitBeforeSleep) Sleep(seen);
                else Wait(spins);
            }
            seen++;
            if (stopping) return;
            Guarded(job!, worker);
            Interlocked.Decrement(ref remaining);
        }
    }

    /// <summary>What is waited for may need this very core, where another program has taken one: after a moment the core is given away.</summary>
    private static void Wait(int spins)
    {
        if (spins < SpinsBeforeYield) Thread.SpinWait(1);
        else Thread.Yield();
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
