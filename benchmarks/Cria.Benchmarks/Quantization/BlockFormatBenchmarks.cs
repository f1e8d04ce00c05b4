using BenchmarkDotNet.Attributes;
using Cria.Tensors;
using Cria.Tensors.Quantization;

namespace Cria.Benchmarks.Quantization;

/// <summary>
/// Encoding and decoding each weight format on one core; a million weights an operation, so microseconds are picoseconds a weight.
/// Goal: a Q4_K_M of 1.24G weights in under 23 s on two cores, that is 37 ns a weight on each.
/// </summary>
public class BlockFormatBenchmarks
{
    private const int Count = 1 << 20, Columns = 2048;
    private readonly float[] weights = new float[Count];
    private readonly float[] decoded = new float[Count];
    private readonly float[] importance = new float[Columns];
    private BlockFormat format = null!;
    private byte[] blocks = [];

    /// <summary>Every format.</summary>
    public static IEnumerable<TensorType> Types => BlockFormat.All.Keys.Order();

    /// <summary>The format measured.</summary>
    [ParamsSource(nameof(Types))]
    public TensorType Type { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        var random = new Random(1);
        for (int i = 0; i < weights.Length; i++)
            weights[i] = (float)(0.02 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        for (int i = 0; i < importance.Length; i++) importance[i] = (float)random.NextDouble();
        format = BlockFormat.Of(Type);
        blocks = new byte[format.RowBytes(Count)];
        format.Encode(weights, blocks);
    }

    [Benchmark]
    public void Encode() => format.Encode(weights, blocks);

    [Benchmark]
    public void EncodeWithImportance() => format.Encode(weights, blocks, importance);

    [Benchmark]
    public void Decode() => format.Decode(blocks, decoded);
}
