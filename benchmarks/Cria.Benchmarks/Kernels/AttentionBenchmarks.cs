using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using Cria.Tensors.Backends;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Attention;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Memory;

namespace Cria.Benchmarks.Kernels;

/// <summary>Six query rows against one page of 64 positions, one core: scores, and values gathered by weight.</summary>
[Config(typeof(Report))]
public unsafe class AttentionBenchmarks
{
    private const int HeadSize = 128;
    private NativeBuffer queries = null!, page = null!, scores = null!, shrink = null!, output = null!;

    /// <summary>The vectors used.</summary>
    [ParamsSource(nameof(Levels))]
    public CpuLevel Level { get; set; }

    /// <summary>The levels this processor has; the highest computes floats as AVX-512 does.</summary>
    public static IEnumerable<CpuLevel> Levels => Cpu.Available.Where(level => level <= CpuLevel.Avx512);

    [GlobalSetup]
    public void Prepare()
    {
        queries = RandomFloats.Buffer(AttentionTile.Rows * HeadSize);
        page = RandomFloats.Buffer(KvLayout.PageSize * HeadSize);
        scores = RandomFloats.Buffer(AttentionTile.Rows * KvLayout.PageSize);
        shrink = new NativeBuffer(AttentionTile.Rows * sizeof(float));
        output = new NativeBuffer(AttentionTile.Rows * HeadSize * sizeof(float));
    }

    [GlobalCleanup]
    public void Free() => Array.ForEach([queries, page, scores, shrink, output], buffer => buffer.Dispose());

    [Benchmark]
    public void Scores()
    {
        switch (Level)
        {
            case CpuLevel.Portable: Scores<Lanes128>(); break;
            case CpuLevel.Avx2: Scores<Lanes256>(); break;
            default: Scores<Lanes512>(); break;
        }
    }

    [Benchmark]
    public void Gather()
    {
        switch (Level)
        {
            case CpuLevel.Portable: Gather<Lanes128>(); break;
            case CpuLevel.Avx2: Gather<Lanes256>(); break;
            default: Gather<Lanes512>(); break;
        }
    }

    private void Scores<T>() where T : struct, ILanes<T> =>
        AttentionTile.Scores<T>((float*)queries.Data, (float*)page.Data, HeadSize, AttentionTile.Rows, (float*)scores.Data, page.Data, 0);

    private void Gather<T>() where T : struct, ILanes<T> =>
        AttentionTile.Gather<T>((float*)scores.Data, (float*)page.Data, HeadSize, AttentionTile.Rows, (float*)shrink.Data, (float*)output.Data, page.Data, 0);

    private sealed class Report : ManualConfig
    {
        public Report() => Add(KernelConfig.With("GMAC/s", Products));

        private static double Products(BenchmarkCase benchmarkCase) => AttentionTile.Rows * KvLayout.PageSize * HeadSize;
    }
}
