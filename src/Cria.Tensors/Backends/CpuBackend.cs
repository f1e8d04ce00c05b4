using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Backends;

/// <summary>The CPU: weights are used where they lie in the mapped file, steps run on a pool of worker threads. Not thread-safe: one engine drives it.</summary>
public abstract class CpuBackend : IBackend
{
    private protected CpuBackend(CpuLevel level, int threadCount)
    {
        Level = level;
        ThreadCount = threadCount;
    }

    /// <summary>The instruction set in use.</summary>
    public CpuLevel Level { get; }

    /// <summary>Threads a step runs on.</summary>
    public int ThreadCount { get; }

    /// <summary>Bytes of scratch memory held for steps.</summary>
    public abstract long ScratchBytes { get; }

    /// <summary>
    /// A backend on <paramref name="threads"/> threads (0: one a physical core) at the process's CPU level.
    /// </summary>
    public static CpuBackend Create(int threads = 0) => Create(threads, Cpu.Level);

    internal static CpuBackend Create(int threads, CpuLevel level)
    {
        if (threads is < 0 or > 1024) throw new CriaException($"{threads} threads cannot be used; choose 1 to 1024, or 0 for one a physical core");
        if (threads == 0) threads = CpuTopology.PhysicalCores;
        return level switch
        {
            CpuLevel.Portable => new CpuBackend<Lanes128>(level, threads),
            CpuLevel.Avx2 => new CpuBackend<Lanes256>(level, threads),
            _ => new CpuBackend<Lanes512>(level, threads),
        };
    }

    /// <inheritdoc/>
    public abstract Weight Upload(string name, TensorView view);

    /// <inheritdoc/>
    public abstract void Adapt(Weight weight, int rank, ReadOnlySpan<float> down, ReadOnlySpan<float> up, int set = 0);

    /// <inheritdoc/>
    public abstract void ChooseAdapters(ReadOnlySpan<int> sets);

    /// <inheritdoc/>
    public KvPool CreateKvPool(KvLayout layout, long maxPages) => new(layout, maxPages);

    /// <inheritdoc/>
    public abstract void Settle();

    /// <inheritdoc/>
    public abstract void BeginStep();

    /// <inheritdoc/>
    public abstract StepScope BeginScope();

    /// <inheritdoc/>
    public abstract Tensor Embed(Weight table, ReadOnlySpan<int> tokens);

    /// <inheritdoc/>
    public abstract Tensor RmsNorm(Tensor x, Weight gain, float epsilon);

    /// <inheritdoc/>
    public abstract Tensor MatMul(Tensor x, Weight w);

    /// <inheritdoc/>
    public abstract (Tensor, Tensor, Tensor) MatMul(Tensor x, Weight w1, Weight w2, Weight w3);

    /// <inheritdoc/>
    public abstract Tensor RopeAngles(ReadOnlySpan<double> inverseFrequencies, double magnitude, ReadOnlySpan<long> positions);

    /// <inheritdoc/>
    public abstract Tensor Rope(Tensor x, Tensor angles, int headSize);

    /// <inheritdoc/>
    public abstract Tensor Attention(Tensor q, Tensor k, Tensor v, KvPool pool, int layer, ReadOnlySpan<AttentionSlice> slices);

    /// <inheritdoc/>
    public abstract Tensor SwiGlu(Tensor x, Weight gate, Weight up);

    /// <inheritdoc/>
    public abstract Tensor Add(Tensor x, Tensor y);

    /// <inheritdoc/>
    public abstract Tensor Rows(Tensor x, ReadOnlySpan<int> rows);

    /// <inheritdoc/>
    public abstract ReadOnlySpan<float> Read(Tensor x, int row);

    /// <inheritdoc/>
    public abstract void Dispose();
}
