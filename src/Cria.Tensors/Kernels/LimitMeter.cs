using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Kernels;

/// <summary>Measures <see cref="MachineLimits"/> again and again, each time in less than a second: what a machine can do changes while something is timed on it. Not thread-safe.</summary>
public sealed class LimitMeter : IDisposable
{
    private readonly WorkerPool workers;
    private readonly NativeBuffer memory;

    /// <summary>Takes up to 1 GiB of memory, to be read.</summary>
    /// <param name="threads">Threads that run together.</param>
    public LimitMeter(int threads)
    {
        workers = new WorkerPool(threads);
        memory = MachineLimits.MemoryFor(threads);
    }

    /// <summary>What the machine can do now.</summary>
    public MachineLimits Measure() => MachineLimits.Measure(workers, memory);

    /// <inheritdoc/>
    public void Dispose()
    {
        memory.Dispose();
        workers.Dispose();
    }
}
