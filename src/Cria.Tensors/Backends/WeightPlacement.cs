using System.Globalization;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Backends;

/// <summary>
/// Moves weights out of the mapped file, a share between one step and the next, on the threads that steps run on: a thread of its own would take a core from them, and they
/// wait for each other. Where they go they lie in the layout that the product wants, and in pages of 2 MiB where the system has them: a token reads every weight once, and
/// in pages of 4 KiB that is an entry of the page tables for each, on a virtual machine a third of the time. What is moved is given back to the system where it lay, so there
/// are no two copies; nothing is moved where memory is short.
/// </summary>
internal sealed unsafe class WeightPlacement : IDisposable
{
    /// <summary>Smaller weights gain nothing.</summary>
    private const long LeastBytes = 2 << 20;

    /// <summary>Left to everything else.</summary>
    private const long Reserve = 512L << 20;

    /// <summary>Steps that it is spread over.</summary>
    private const int Steps = 64;

    private readonly List<NativeBuffer> moved = [];
    private readonly Queue<CpuWeight> waiting = [];
    private readonly WorkerPool workers;
    private readonly CopyJob copy = new();
    private readonly long share;

    /// <summary>Chooses what to move.</summary>
    public WeightPlacement(IEnumerable<CpuWeight> weights, WorkerPool workers)
    {
        this.workers = workers;
        CpuWeight[] large = [.. weights.Where(weight => weight.IsMapped && weight.ByteCount >= LeastBytes && (NativeBuffer.HasHugePages || weight.Kernel.WantsInterleaved != weight.IsInterleaved))];
        long bytes = large.Sum(weight => weight.ByteCount);
        if (large.Length == 0 || bytes + Reserve > FreeBytes()) return;
        waiting = new Queue<CpuWeight>(large);
        share = bytes / Steps + 1;
    }

    /// <summary>Moves a share: at least one weight. No step may run meanwhile.</summary>
    public void MoveShare()
    {
        for (long bytes = 0; bytes < share && waiting.Count > 0;) bytes += MoveNext();
    }

    /// <summary>Moves all that is left. No step may run meanwhile.</summary>
    public void MoveAll()
    {
        while (waiting.Count > 0) MoveNext();
    }

    /// <summary>Frees what was moved: no step may run any more.</summary>
    public void Dispose()
    {
        foreach (NativeBuffer buffer in moved) buffer.Dispose();
    }

    private long MoveNext()
    {
        CpuWeight weight = waiting.Dequeue();
        try
        {
            var buffer = NativeBuffer.Unset(weight.ByteCount);
            moved.Add(buffer);
            copy.Set(weight, buffer);
            workers.Run(copy);
            weight.ReadFrom(buffer);
        }
        catch (CriaException)
        {
            // No memory after all: the rest stays where it is.
            waiting.Clear();
        }
        return weight.ByteCount;
    }

    /// <summary>Memory that may be had without pushing anything out but cached files; 0 where the system does not tell.</summary>
    private static long FreeBytes()
    {
        try
        {
            // What the runtime knows is as old as its last collection; elsewhere than on Linux there is nothing better.
            GCMemoryInfo memory = GC.GetGCMemoryInfo();
            if (!OperatingSystem.IsLinux()) return memory.Index == 0 ? 0 : memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes;
            string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
            if (line is null || !long.TryParse(line["MemAvailable:".Length..].TrimEnd('B', 'k', ' '), CultureInfo.InvariantCulture, out long kilobytes)) return 0;
            // A container may have less than the machine.
            return Math.Min(kilobytes * 1024, memory.TotalAvailableMemoryBytes - Environment.WorkingSet);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Copies one weight, panels shared out in small pieces.</summary>
    private sealed class CopyJob : ParallelJob
    {
        private const int PiecePanels = 8;

        private CpuWeight weight = null!;
        private NativeBuffer buffer = null!;

        public void Set(CpuWeight from, NativeBuffer to) => (weight, buffer) = (from, to);

        public override void Run(int worker, int workerCount)
        {
            for (int first = TakeNext() * PiecePanels; first < weight.Panels; first = TakeNext() * PiecePanels)
                weight.CopyPanels(first, Math.Min(PiecePanels, weight.Panels - first), buffer);
        }
    }
}
