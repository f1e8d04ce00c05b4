using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Benchmarks.Kernels;

/// <summary>
/// A matrix times a few tokens on one core at this processor's level, whole products with the rounding of activations: rows as files have them and as weights lie once they were moved,
/// from the cache (64 rows) and from memory (32768). GB/s counts stored bytes once, however many tokens there are.
/// </summary>
[Config(typeof(Report))]
public unsafe class FewTokensBenchmarks
{
    private const int Columns = 2048;
    private NativeBuffer stored = null!, input = null!;
    private NativeBuffer? moved;
    private CpuBackend backend = null!;
    private CpuWeight weight = null!;

    /// <summary>How the rows are stored.</summary>
    [Params(TensorType.Q4_0, TensorType.Q8_0, TensorType.Q4_K, TensorType.Q6_K, TensorType.F16)]
    public TensorType Format { get; set; }

    /// <summary>True for a weight that was moved.</summary>
    [Params(false, true)]
    public bool Moved { get; set; }

    /// <summary>Rows of the matrix.</summary>
    [Params(64, 32768)]
    public int Rows { get; set; }

    /// <summary>Tokens multiplied.</summary>
    [Params(1, 2, 4, 16)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var format = BlockFormat.Of(Format);
        stored = new NativeBuffer(Rows * format.RowBytes(Columns));
        // Every number stays finite and normal: the exponents of stored halves are neither all ones nor zero.
        new Span<byte>(stored.Data, (int)stored.ByteCount).Fill(0x11);
        input = RandomFloats.Buffer(16 * Columns);
        backend = CpuBackend.Create(1);
        weight = (CpuWeight)backend.Upload("w", new TensorView(Format, Rows, Columns, stored.Data, stored.ByteCount));
        if (!Moved) return;
        moved = new NativeBuffer(stored.ByteCount);
        weight.CopyPanels(0, weight.Panels, moved.Data);
        weight.ReadFrom(moved.Data);
    }

    [GlobalCleanup]
    public void Free()
    {
        backend.Dispose();
        moved?.Dispose();
        input.Dispose();
        stored.Dispose();
    }

    [Benchmark]
    public void Multiply()
    {
        backend.BeginStep();
        backend.MatMul(new Tensor((float*)input.Data, Tokens, Columns), weight);
    }

    private sealed class Report : ManualConfig
    {
        public Report() => Add(KernelConfig.With("GB/s", StoredBytes));

        private static double StoredBytes(BenchmarkCase benchmarkCase) =>
            (int)benchmarkCase.Parameters[nameof(Rows)] * BlockFormat.Of((TensorType)benchmarkCase.Parameters[nameof(Format)]).RowBytes(Columns);
    }
}
