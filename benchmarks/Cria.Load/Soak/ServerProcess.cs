using System.Globalization;

namespace Cria.Load.Soak;

/// <summary>What the server's process holds, as Linux tells.</summary>
internal sealed class ServerProcess(int id)
{
    /// <summary>MiB of memory of its own; pages of the mapped model are not counted.</summary>
    public double OwnMemory => Field("RssAnon") / 1024.0;

    /// <summary>Its threads.</summary>
    public long Threads => Field("Threads");

    /// <summary>Files and connections it holds open.</summary>
    public int Handles => Directory.EnumerateFileSystemEntries($"/proc/{id}/fd").Count();

    private long Field(string name)
    {
        string line = File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
