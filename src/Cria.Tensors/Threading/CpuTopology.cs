namespace Cria.Tensors.Threading;

/// <summary>How many cores there are to work with.</summary>
internal static class CpuTopology
{
    /// <summary>
    /// Physical cores this process may use. Two threads of one core share its multipliers, so more threads than cores only add waiting.
    /// </summary>
    public static int PhysicalCores { get; } = Count();

    private static int Count()
    {
        // Environment.ProcessorCount honours affinity and container limits.
        int usable = Environment.ProcessorCount;
        if (!OperatingSystem.IsLinux()) return usable;
        try
        {
            var cores = new HashSet<string>(StringComparer.Ordinal);
            foreach (string cpu in Directory.EnumerateDirectories("/sys/devices/system/cpu", "cpu*"))
            {
                string siblings = Path.Combine(cpu, "topology", "thread_siblings_list");
                if (File.Exists(siblings)) cores.Add(File.ReadAllText(siblings).Trim());
            }
            return cores.Count == 0 ? usable : Math.Min(usable, cores.Count);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return usable;
        }
    }
}
