using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using Cria.Tensors;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Int8;
using Cria.Tensors.Kernels.Unpack;
using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Benchmarks.Kernels;

/// <summary>
/// Quantized rows to panels, one core, weights in the second-level cache. GB/s counts stored bytes: when it stays above a core's share of the memory's bandwidth,
/// generating text is bound by memory. Goal: 8 on AVX2 and 3 on the portable level for Q4_0, Q8_0, Q4_K and Q6_K.
/// </summary>
[Config(typeof(Report))]
public unsafe class UnpackBenchmarks
{
    private const int Columns = 8192;
    private NativeBuffer blocks = null!, panel = null!, scales = null!, minimums = null!;
    private Unpacker unpacker = null!;
    private long rowBytes, stepBytes;

    /// <summary>How the rows are stored.</summary>
    [ParamsSource(nameof(Formats))]
    public TensorType Format { get; set; }

    /// <summary>The vectors used.</summary>
    [ParamsSource(nameof(Levels))]
    public CpuLevel Level { get; set; }

    public static IEnumerable<TensorType> Formats => UnpackTable.Types.Order();

    /// <summary>The levels this processor has; the highest unpacks as AVX-512 does.</summary>
    public static IEnumerable<CpuLevel> Levels => Cpu.Available.Where(level => level <= CpuLevel.Avx512);

    [GlobalSetup]
    public void Prepare()
    {
        unpacker = UnpackTable.For(Format, Level);
        rowBytes = BlockFormat.Of(Format).RowBytes(Columns);
        stepBytes = BlockFormat.Of(Format).RowBytes(Int8Call.MaxColumns);
        blocks = new NativeBuffer(Unpacker.PanelRows * rowBytes);
        var stored = new Span<byte>(blocks.Data, (int)blocks.ByteCount);
        new Random(1).NextBytes(stored);
        // Every number stays finite: the exponents of stored halves are never all ones.
        foreach (ref byte b in stored) b &= 0x3F;
        panel = new NativeBuffer(Int8Call.PanelStride);
        scales = new NativeBuffer(Int8Call.ScaleStride);
        minimums = new NativeBuffer(Int8Call.ScaleStride);
    }

    [GlobalCleanup]
    public void Free() => Array.ForEach([blocks, panel, scales, minimums], buffer => buffer.Dispose());

    [Benchmark]
    public void Unpack()
    {
        bool signed = KernelTable.Int8(Level).ReadsSigned(unpacker);
        int steps = Columns / Int8Call.MaxColumns;
        for (int step = 0; step < steps; step++)
        {
            unpacker.Unpack(blocks.Data + step * stepBytes, rowBytes, Int8Call.MaxColumns, signed, panel.Data, (float*)scales.Data, (float*)minimums.Data,
                blocks.Data + (step + 1) % steps * stepBytes * Unpacker.PanelRows);
        }
    }

    private sealed class Report : ManualConfig
    {
        public Report() => Add(KernelConfig.With("GB/s", StoredBytes));

        private static double StoredBytes(BenchmarkCase benchmarkCase) =>
            Unpacker.PanelRows * BlockFormat.Of((TensorType)benchmarkCase.Parameters[nameof(Format)]).RowBytes(Columns);
    }
}
