using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using Cria.Tensors;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Int8;
using Cria.Tensors.Kernels.Unpack;
using Cria.Tensors.Memory;

namespace Cria.Benchmarks.Kernels;

/// <summary>The int8 product of two unpacked panels (32 rows × 512 columns) with one token and with a full tile, one core, all in the first-level cache.</summary>
[Config(typeof(Report))]
public unsafe class Int8KernelBenchmarks
{
    private const int Panels = 2;
    private Int8Kernel kernel = null!;
    private Unpacker unpacker = null!;
    private NativeBuffer[] buffers = null!;
    private Int8Call call;
    private int tokens;

    /// <summary>What the weights were stored as; it decides group size, zero and minimums.</summary>
    [Params(TensorType.Q8_0, TensorType.Q4_K, TensorType.Q6_K)]
    public TensorType Format { get; set; }

    /// <summary>The vectors used.</summary>
    [ParamsSource(nameof(Levels))]
    public CpuLevel Level { get; set; }

    /// <summary>True: as many tokens as the kernel takes at once; false: one.</summary>
    [Params(false, true)]
    public bool FullTile { get; set; }

    public static IEnumerable<CpuLevel> Levels => Cpu.Available;

    [GlobalSetup]
    public void Prepare()
    {
        kernel = KernelTable.Int8(Level);
        unpacker = UnpackTable.For(Format, Level);
        tokens = FullTile ? kernel.TileTokens : 1;
        int groups = Int8Call.MaxColumns / 16;
        buffers =
        [
            new(Panels * Int8Call.PanelStride), new(Panels * Int8Call.ScaleStride), new(Panels * Int8Call.ScaleStride), new(kernel.TileTokens * Int8Call.MaxColumns),
            new(kernel.TileTokens * groups * sizeof(float)), new(kernel.TileTokens * groups * sizeof(int)), new(kernel.TileTokens * groups * sizeof(float)),
            new(kernel.TileTokens * Panels * Unpacker.PanelRows * sizeof(float)),
        ];
        var random = new Random(1);
        foreach (ref byte b in new Span<byte>(buffers[0].Data, (int)buffers[0].ByteCount)) b = (byte)random.Next(16);
        foreach (ref byte b in new Span<byte>(buffers[3].Data, (int)buffers[3].ByteCount)) b = (byte)random.Next(-127, 128);
        call = new Int8Call
        {
            Panel = buffers[0].Data,
            Scales = (float*)buffers[1].Data,
            Minimums = (float*)buffers[2].Data,
            X = (sbyte*)buffers[3].Data,
            XScales = (float*)buffers[4].Data,
            Starts = (int*)buffers[5].Data,
            XSums = (float*)buffers[6].Data,
            Y = (float*)buffers[7].Data,
            YTokenBytes = Panels * Unpacker.PanelRows * sizeof(float),
            Blocks = Int8Call.MaxColumns / Int8Activations.BlockSize,
        };
    }

    [GlobalCleanup]
    public void Free() => Array.ForEach(buffers, buffer => buffer.Dispose());

    [Benchmark]
    public void Multiply() => kernel.Run(call, unpacker, Panels, tokens);

    private sealed class Report : ManualConfig
    {
        public Report() => Add(KernelConfig.With("GMAC/s", Products));

        private static double Products(BenchmarkCase benchmarkCase)
        {
            var level = (CpuLevel)benchmarkCase.Parameters[nameof(Level)];
            int tokens = (bool)benchmarkCase.Parameters[nameof(FullTile)] ? KernelTable.Int8(level).TileTokens : 1;
            return (double)Panels * Unpacker.PanelRows * Int8Call.MaxColumns * tokens;
        }
    }
}
