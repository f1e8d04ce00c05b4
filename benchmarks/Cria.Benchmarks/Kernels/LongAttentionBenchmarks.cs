using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Memory;

namespace Cria.Benchmarks.Kernels;

/// <summary>
/// Attention of the 1B shape (32 query heads, 8 key-value heads of 64 features) after a long context, with all cores: one token in 16 layers, which is bound by reading keys and values.
/// GB/s counts their stored bytes once.
/// </summary>
[Config(typeof(Report))]
public unsafe class LongAttentionBenchmarks
{
    private const int Layers = 16, Heads = 8, Group = 4, HeadSize = 64;
    private NativeBuffer input = null!;
    private CpuBackend backend = null!;
    private KvPool pool = null!;
    private int[] pages = null!;

    /// <summary>How keys and values are kept.</summary>
    [Params(TensorType.F16, TensorType.I16, TensorType.I8, TensorType.Q8_0, TensorType.Q4_0)]
    public TensorType Type { get; set; }

    /// <summary>Tokens before this one.</summary>
    [Params(8192, 32768)]
    public int Position { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        input = RandomFloats.Buffer(3 * Group * Heads * HeadSize);
        backend = CpuBackend.Create(Environment.ProcessorCount);
        pool = backend.CreateKvPool(new KvLayout(Layers, Heads, HeadSize, new KvTypes(Type, Type)), (Position / KvLayout.PageSize) + 1);
        pages = new int[(Position / KvLayout.PageSize) + 1];
        var random = new Random(1);
        for (int i = 0; i < pages.Length; i++)
        {
            pool.TryAllocate(out pages[i]);
            for (int part = 0; part < pool.Layout.PartCount; part++)
            {
                Span<byte> bytes = pool.Part(pages[i], part);
                random.NextBytes(bytes);
                // Every half, and every float, stays finite and below 2, whether it is a number or a scale.
                for (int at = 1; at < bytes.Length; at += 2) bytes[at] = (byte)(0x20 | (bytes[at] & 0x9F));
            }
        }
    }

    [GlobalCleanup]
    public void Free()
    {
        pool.Dispose();
        backend.Dispose();
        input.Dispose();
    }

    [Benchmark]
    public void Attend()
    {
        float* q = (float*)input.Data, k = q + (Group * Heads * HeadSize), v = k + (Heads * HeadSize);
        for (int layer = 0; layer < Layers; layer++)
        {
            backend.BeginStep();
            backend.Attention(new Tensor(q, 1, Group * Heads * HeadSize), new Tensor(k, 1, Heads * HeadSize), new Tensor(v, 1, Heads * HeadSize), pool, layer,
                [new AttentionSlice(0, 1, Position, pages)]);
        }
    }

    private sealed class Report : ManualConfig
    {
        public Report() => Add(KernelConfig.With("GB/s", StoredBytes));

        private static double StoredBytes(BenchmarkCase benchmarkCase)
        {
            var type = (TensorType)benchmarkCase.Parameters[nameof(Type)];
            var layout = new KvLayout(Layers, Heads, HeadSize, new KvTypes(type, type));
            return (double)layout.PageBytes * (int)benchmarkCase.Parameters[nameof(Position)] / KvLayout.PageSize;
        }
    }
}
