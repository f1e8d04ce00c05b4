using System.Globalization;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Backends;

/// <summary>
/// Moves weights from the mapped file to memory of 2 MiB pages, one after another, while steps already run on those that lie in the file. A token reads every weight
/// once, in pages of 4 KiB an entry of the page tables for each: on a virtual machine that costs a third of the time. What is moved is given back to the system
/// where it lay, so there are no two copies; nothing is moved where memory is short.
/// </summary>
internal sealed unsafe class WeightPlacement : IDisposable
{
    /// <summary>Smaller weights gain nothing.</summary>
    private const long LeastBytes = 2 << 20;

    /// <summary>Left to everything else.</summary>
    private const long Reserve = 512L << 20;

    private readonly List<NativeBuffer> moved = [];
    private readonly Thread? mover;
    private volatile bool stopped;

    /// <summary>Begins to move; returns at once.</summary>
    public WeightPlacement(IEnumerable<CpuWeight> weights)
    {
        CpuWeight[] large = [.. weights.Where(weight => weight.IsMapped && weight.ByteCount >= LeastBytes)];
        if (large.Length == 0 || !NativeBuffer.HasHugePages || large.Sum(weight => weight.ByteCount) + Reserve > FreeBytes()) return;
        mover = new Thread(() => Move(large)) { IsBackground = true, Name = "weight placement", Priority = ThreadPriority.BelowNormal };
        mover.Start();
    }

    /// <summary>Waits until all is moved.</summary>
    public void Wait() => mover?.Join();

    /// <summary>Stops, and frees what was moved: no step may run any more.</summary>
    public void Dispose()
    {
        stopped = true;
        mover?.Join();
        foreach (NativeBuffer buffer in moved) buffer.Dispose();
    }

    private void Move(CpuWeight[] weights)
    {
        foreach (CpuWeight weight in weights)
        {
            if (stopped) return;
            try
            {
                moved.Add(weight.MoveTo(NativeBuffer.Unset(weight.ByteCount)));
            }
            catch (CriaException)
            {
                // No memory after all: the rest stays where it is.
                return;
            }
        }
    }

    /// <summary>Memory that may be had without pushing anything out but cached files; 0 where the system does not tell.</summary>
    private static long FreeBytes()
    {
        try
        {
            string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
            if (line is null || !long.TryParse(line["MemAvailable:".Length..].TrimEnd('B', 'k', ' '), CultureInfo.InvariantCulture, out long kilobytes)) return 0;
            // A container may have less than the machine.
            return Math.Min(kilobytes * 1024, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - Environment.WorkingSet);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
