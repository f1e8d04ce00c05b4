namespace Cria.Training.Planning;

/// <summary>The ranks a plan is for, one a GPU or a host.</summary>
/// <param name="Name">What one is.</param>
/// <param name="OperationsPerSecond">Highest speed of matrix products, in operations (two a multiply-add).</param>
/// <param name="MemoryBytes">Memory.</param>
/// <param name="HostBytesPerSecond">From one to its neighbour inside a host, one way.</param>
/// <param name="NetworkBytesPerSecond">From one host to the next, one way.</param>
/// <param name="RanksPerHost">How many share a host.</param>
public sealed record PlannedMachine(string Name, double OperationsPerSecond, long MemoryBytes, double HostBytesPerSecond, double NetworkBytesPerSecond, int RanksPerHost)
{
    /// <summary>
    /// GPUs by name, from their makers' data sheets: dense bfloat16, memory, NVLink or PCIe one way; between hosts one 400 Gbit/s link for each GPU where the reference systems have that, else 200 Gbit/s
    /// for the host.
    /// </summary>
    public static IReadOnlyList<PlannedMachine> Known { get; } =
    [
        new("l40s", 362e12, 48L << 30, 32e9, 25e9, 8),
        new("a100", 312e12, 80L << 30, 300e9, 25e9, 8),
        new("h100", 989e12, 80L << 30, 450e9, 50e9, 8),
        new("h200", 989e12, 141L << 30, 450e9, 50e9, 8),
        new("b200", 2250e12, 180L << 30, 900e9, 50e9, 8),
    ];

    /// <summary>The share of the highest speed that products reach in practice.</summary>
    public double Efficiency { get; init; } = 0.4;

    /// <summary>Bytes of a number on its way and in products: 4, or 2 for bfloat16.</summary>
    public int ElementBytes { get; init; } = 2;

    /// <summary>Operations a second that a plan counts on.</summary>
    public double Speed => OperationsPerSecond * Efficiency;
}
