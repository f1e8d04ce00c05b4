using System.Globalization;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Backends;

/// <summary>
/// Moves weights out of the mapped file, some between one step of an answer and the next, on the threads that steps run on: a thread of its own would take a core from them, and
/// they wait for each other. It never takes more than a ninth of the time, for fresh memory may be slow to come. Where they go they lie in the layout that the product wants, and in pages of 2 MiB where the system has them: a token reads every weight once, and
/// in pages of 4 KiB that is an entry of the page tables for each, on a virtual machine a third of the time. What is moved is given back to the system where it lay, so there
/// are no two copies; nothing is moved where memory is short.
/// </summary>
internal sealed unsafe class WeightPlacement : IDisposable
{
    /// <summary>Smaller weights gain nothing.</summary>
    private const long LeastBytes = 64 << 10;

    /// <summary>Smaller weights share a buffer, for a buffer of their own would have no large pages.</summary>
    private const long LeastOwnBytes = 2 << 20;

    /// <summary>Left to everything else.</summary>
    private const long Reserve = 512L << 20;

    /// <summary>So many times as long as was moved must have been answered.</summary>
    private const int AnsweringPerMoving = 8;

    /// <summary>Bytes of a piece; the time is looked at after each.</summary>
    private const long PieceBytes = 4 << 20;

    /// <summary>The longest that a step counts: between answers nobody waits.</summary>
    private static readonly TimeSpan LongestStep = TimeSpan.FromSeconds(2);

    private readonly List<NativeBuffer> buffers = [];
    private readonly Queue<CpuWeight> waiting = new();
    private readonly WorkerPool workers;
    private readonly CopyJob copy = new();
    private readonly TimeProvider clock;
    private readonly long sharedBytes;
    private NativeBuffer? shared;
    private byte* target;
    private int nextPanel;
    private long sharedUsed, lastStep;
    private TimeSpan answering, moving;

    /// <summary>Chooses what to move.</summary>
    public WeightPlacement(IEnumerable<CpuWeight> weights, WorkerPool workers, TimeProvider? clock = null)
    {
        this.workers = workers;
        this.clock = clock ?? TimeProvider.System;
        CpuWeight[] chosen = [.. weights.Where(weight => weight.IsMapped && weight.ByteCount >= LeastBytes && (NativeBuffer.HasHugePages || weight.Kernel.WantsInterleaved != weight.IsInterleaved))];
        if (chosen.Length > 0 && chosen.Sum(weight => weight.ByteCount) + Reserve <= FreeBytes()) waiting = new Queue<CpuWeight>(chosen);
        sharedBytes = waiting.Where(IsSmall).Sum(RoundedBytes);
    }

    /// <summary>True when nothing is left to move.</summary>
    public bool IsDone => waiting.Count == 0;

    /// <summary>Moves as much as the time since the last call allows. No step may run meanwhile.</summary>
    public void MoveShare()
    {
        if (IsDone) return;
        TimeSpan step = lastStep == 0 ? TimeSpan.Zero : clock.GetElapsedTime(lastStep);
        answering += step < LongestStep ? step : LongestStep;
        while (!IsDone && AnsweringPerMoving * moving <= answering)
        {
            long start = clock.GetTimestamp();
            MovePiece();
            moving += clock.GetElapsedTime(start);
        }
        lastStep = clock.GetTimestamp();
    }

    /// <summary>Moves all that is left. No step may run meanwhile.</summary>
    public void MoveAll()
    {
        while (!IsDone) MovePiece();
    }

    /// <summary>Frees what was moved: no step may run any more.</summary>
    public void Dispose()
    {
        foreach (NativeBuffer buffer in buffers) buffer.Dispose();
    }

    private static bool IsSmall(CpuWeight weight) => weight.ByteCount < LeastOwnBytes;

    // Vectors that are loaded whole should not cross cache lines.
    private static long RoundedBytes(CpuWeight weight) => (weight.ByteCount + 63) & ~63L;

    private void MovePiece()
    {
        CpuWeight weight = waiting.Peek();
        try
        {
            if (target == null) target = Place(weight);
        }
        catch (CriaException)
        {
            // No memory after all: the rest stays where it is.
            waiting.Clear();
            return;
        }
        int panels = (int)Math.Clamp(PieceBytes / (16 * weight.RowBytes), 1, weight.Panels - nextPanel);
        copy.Set(weight, target, nextPanel, panels);
        workers.Run(copy);
        nextPanel += panels;
        if (nextPanel < weight.Panels) return;
        weight.ReadFrom(target);
        waiting.Dequeue();
        target = null;
        nextPanel = 0;
    }

    /// <summary>Room for a weight.</summary>
    private byte* Place(CpuWeight weight)
    {
        if (!IsSmall(weight)) return Take(weight.ByteCount).Data;
        shared ??= Take(sharedBytes);
        byte* place = shared.Data + sharedUsed;
        sharedUsed += RoundedBytes(weight);
        return place;
    }

    private NativeBuffer Take(long bytes)
    {
        NativeBuffer buffer = NativeBuffer.Unset(bytes);
        buffers.Add(buffer);
        return buffer;
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

    /// <summary>Copies some panels of one weight, shared out one by one.</summary>
    private sealed class CopyJob : ParallelJob
    {
        private CpuWeight weight = null!;
        private byte* target;
        private int first, count;

        public void Set(CpuWeight from, byte* to, int firstPanel, int panels)
        {
            (weight, first, count) = (from, firstPanel, panels);
            target = to;
        }

        public override void Run(int worker, int workerCount)
        {
            for (int panel = TakeNext(); panel < count; panel = TakeNext()) weight.CopyPanels(first + panel, 1, target);
        }
    }
}
