using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Memory;

namespace Cria.Benchmarks.Kernels;

/// <summary>What is done to one token's row of 4,096 elements between products, one core. GB/s counts the bytes of two rows read and one written.</summary>
[Config(typeof(Report))]
public unsafe class RowBenchmarks
{
    private const int Size = 4096;
    private NativeBuffer x = null!, other = null!, y = null!;

    /// <summary>The vectors used.</summary>
    [ParamsSource(nameof(Levels))]
    public CpuLevel Level { get; set; }

    /// <inheritdoc cref="AttentionBenchmarks.Levels"/>
    public static IEnumerable<CpuLevel> Levels => AttentionBenchmarks.Levels;

    [GlobalSetup]
    public void Prepare()
    {
        x = RandomFloats.Buffer(Size);
        other = RandomFloats.Buffer(Size);
        y = new NativeBuffer(Size * sizeof(float));
    }

    [GlobalCleanup]
    public void Free() => Array.ForEach([x, other, y], buffer => buffer.Dispose());

    [Benchmark]
    public void RmsNormRow()
    {
        switch (Level)
        {
            case CpuLevel.Portable: Norm<Lanes128>(); break;
            case CpuLevel.Avx2: Norm<Lanes256>(); break;
            default: Norm<Lanes512>(); break;
        }
    }

    /// <summary>The gate is copied first, because the result replaces it.</summary>
    [Benchmark]
    public void SwiGluRow()
    {
        switch (Level)
        {
            case CpuLevel.Portable: Gate<Lanes128>(); break;
            case CpuLevel.Avx2: Gate<Lanes256>(); break;
            default: Gate<Lanes512>(); break;
        }
    }

    private void Norm<T>() where T : struct, ILanes<T> => RmsNorm.Row<T>((float*)x.Data, (float*)other.Data, 1e-5f, (float*)y.Data, Size);

    private void Gate<T>() where T : struct, ILanes<T>
    {
        new Span<float>(x.Data, Size).CopyTo(new Span<float>(y.Data, Size));
        SwiGlu.Row<T>((float*)y.Data, (float*)other.Data, Size);
    }

    private sealed class Report : ManualConfig
    {
        public Report() => Add(KernelConfig.With("GB/s", Bytes));

        private static double Bytes(BenchmarkCase benchmarkCase) => 3 * Size * sizeof(float);
    }
}
