using System.Diagnostics;

namespace Cria.Server.Observation;

/// <summary>The process as a whole, under the names that Prometheus' own clients use, and the managed heap.</summary>
internal static class ProcessMetrics
{
    /// <summary>Adds them.</summary>
    public static void Write(PrometheusText text)
    {
        using var process = Process.GetCurrentProcess();
        text.Counter("process_cpu_seconds_total", "Processor time, all threads together.", process.TotalProcessorTime.TotalSeconds);
        text.Gauge("process_resident_memory_bytes", "Memory in use, the parts of the model file in it included.", process.WorkingSet64);
        text.Gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", (process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds);
        text.Gauge("process_threads", "Threads.", process.Threads.Count);
        GCMemoryInfo heap = GC.GetGCMemoryInfo();
        text.Gauge("cria_managed_heap_bytes", "The managed heap after its last collection.", heap.HeapSizeBytes);
        text.Gauge("cria_managed_committed_bytes", "What the managed heap has of the system.", heap.TotalCommittedBytes);
    }
}
