using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Attention;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Kernels.W8A8;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Backends;

/// <summary>The CPU backend with the registers of one level.</summary>
internal sealed unsafe partial class CpuBackend<T> : CpuBackend where T : struct, ILanes<T>
{
    private readonly WorkerPool workers;
    private readonly Arena arena = new();
    private readonly NativeBuffer[] scratch;
    private readonly NativeBuffer[] attentionScratch;
    private readonly List<CpuWeight> weights = [];

    /// <summary>Weights are moved when answers are being written, not while the first prompt is waited for, and not for an answer of a few tokens.</summary>
    private const int StepsBeforePlacement = 16, MostAnswerRows = 64;
    private WeightPlacement? placement;
    private int answerSteps;
    private readonly MatMulJob<T> matMul;
    private readonly RowJob<T> rows = new();
    private readonly KvWriteJob<T> kvWrite = new();
    private readonly AttentionJob<T> attention;

    public CpuBackend(CpuLevel level, int threadCount) : base(level, threadCount)
    {
        workers = new WorkerPool(threadCount);
        scratch = NewScratch(Math.Max(W8A8Kernel.ScratchBytes, Math.Max(QuantizedMatMul.ScratchBytes, FloatMatMul<T>.ScratchBytes)));
        attentionScratch = NewScratch(0);
        matMul = new MatMulJob<T>(scratch);
        attention = new AttentionJob<T>(attentionScratch);
    }

    public override long ScratchBytes => arena.ReservedBytes + scratch.Sum(buffer => buffer.ByteCount) + attentionScratch.Sum(buffer => buffer.ByteCount);

    public override Weight Upload(string name, TensorView view)
    {
        if (view.Columns % 32 != 0) throw new CriaException($"tensor {name} has rows of {view.Columns} elements; the CPU kernels need a multiple of 32");
        MatMulKernel kernel = KernelTable.MatMul(view.Type, Level);
        if (view.Columns > kernel.MaxColumns) throw new CriaException($"tensor {name} has rows of {view.Columns} elements; the products of {view.Type} take {kernel.MaxColumns} at most");
        var weight = new CpuWeight(name, view, kernel);
        weights.Add(weight);
        return weight;
    }

    public override void BeginStep() => arena.Reset();

    public override void Settle()
    {
        placement ??= new WeightPlacement(weights, workers);
        placement.MoveAll();
    }

    public override StepScope BeginScope() => new(arena);

    public override Tensor Embed(Weight table, ReadOnlySpan<int> tokens)
    {
        if (tokens.Length <= MostAnswerRows && ++answerSteps >= StepsBeforePlacement) (placement ??= new WeightPlacement(weights, workers)).MoveShare();
        Tensor result = New(tokens.Length, table.Columns);
        var weight = (CpuWeight)table;
        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)table.Rows) throw new CriaException($"token {tokens[i]} is outside the vocabulary of {table.Rows}");
            weight.DecodeRow(tokens[i], result.RowSpan(i));
        }
        return result;
    }

    public override Tensor RmsNorm(Tensor x, Weight gain, float epsilon)
    {
        Tensor result = New(x.Rows, x.Columns);
        var weight = (CpuWeight)gain;
        var gains = (float*)weight.Data;
        if (gain.Type != TensorType.F32 || ((nint)gains & 3) != 0)
        {
            gains = arena.Take<float>(gain.Columns);
            weight.DecodeRow(0, new Span<float>(gains, gain.Columns));
        }
        Run(rows.RmsNorm(x, gains, epsilon, result));
        return result;
    }

    public override Tensor MatMul(Tensor x, Weight w)
    {
        Tensor y = New(x.Rows, w.Rows);
        matMul.Begin(x);
        matMul.Add((CpuWeight)w, y);
        RunMatMul();
        AddLowRank(x, w, y);
        return y;
    }

    public override (Tensor, Tensor, Tensor) MatMul(Tensor x, Weight w1, Weight w2, Weight w3)
    {
        Tensor y1 = New(x.Rows, w1.Rows), y2 = New(x.Rows, w2.Rows), y3 = New(x.Rows, w3.Rows);
        matMul.Begin(x);
        matMul.Add((CpuWeight)w1, y1);
        matMul.Add((CpuWeight)w2, y2);
        matMul.Add((CpuWeight)w3, y3);
        RunMatMul();
        AddLowRank(x, w1, y1);
        AddLowRank(x, w2, y2);
        AddLowRank(x, w3, y3);
        return (y1, y2, y3);
    }

    public override Tensor RopeAngles(ReadOnlySpan<double> inverseFrequencies, double magnitude, ReadOnlySpan<long> positions)
    {
        Tensor angles = New(positions.Length, 2 * inverseFrequencies.Length);
        for (int i = 0; i < positions.Length; i++) Kernels.Rope.Angles(inverseFrequencies, magnitude, positions[i], angles.Row(i));
        return angles;
    }

    public override Tensor Rope(Tensor x, Tensor angles, int headSize)
    {
        Run(rows.Rope(x, angles, headSize));
        return x;
    }

    public override Tensor Attention(Tensor q, Tensor k, Tensor v, KvPool pool, int layer, ReadOnlySpan<AttentionSlice> slices)
    {
        Tensor output = New(q.Rows, q.Columns);
        kvWrite.Set(k, v, pool, layer, slices);
        if (kvWrite.IsLarge) workers.Run(kvWrite);
        else kvWrite.RunAlone();
        attention.Set(q, output, pool, layer, slices);
        workers.Run(attention);
        return output;
    }

    public override Tensor SwiGlu(Tensor x, Weight gate, Weight up)
    {
        if (gate.Rows != up.Rows) throw new ArgumentException($"{gate.Name} has {gate.Rows} rows and {up.Name} {up.Rows}", nameof(up));
        if (IsAdapted(gate) || IsAdapted(up)) return SwiGluApart(x, gate, up);
        Tensor y = New(x.Rows, gate.Rows);
        matMul.Begin(x);
        matMul.AddGated((CpuWeight)gate, (CpuWeight)up, y);
        RunMatMul();
        return y;
    }

    public override Tensor Add(Tensor x, Tensor y)
    {
        Run(rows.Add(x, y));
        return x;
    }

    public override Tensor Rows(Tensor x, ReadOnlySpan<int> indices)
    {
        Tensor result = New(indices.Length, x.Columns);
        for (int i = 0; i < indices.Length; i++) x.RowSpan(indices[i]).CopyTo(result.RowSpan(i));
        return result;
    }

    public override ReadOnlySpan<float> Read(Tensor x, int row) => x.RowSpan(row);

    public override void Dispose()
    {
        workers.Dispose();
        placement?.Dispose();
        arena.Dispose();
        foreach (CpuWeight weight in weights) weight.Dispose();
        foreach (NativeBuffer buffer in factors) buffer.Dispose();
        foreach (NativeBuffer buffer in scratch) buffer.Dispose();
        foreach (NativeBuffer buffer in attentionScratch) buffer.Dispose();
        attention.Dispose();
    }

    private Tensor New(int rowCount, int columns) => new(arena.Take<float>((long)rowCount * columns), rowCount, columns);

    private NativeBuffer[] NewScratch(long bytes) => [.. Enumerable.Range(0, ThreadCount).Select(_ => new NativeBuffer(bytes))];

    private void RunMatMul()
    {
        if (matMul.IsEmpty) return;
        using StepScope scope = BeginScope();
        matMul.TakeMemory(arena);
        if (matMul.Tokens < 4) matMul.PrepareAll();
        else workers.Run(matMul.Preparation);
        workers.Run(matMul);
    }

    /// <summary>Few rows are done by the caller: waking the others costs more than the work.</summary>
    private void Run(RowJob<T> job)
    {
        if (job.Elements < 32768 || ThreadCount == 1) job.Run(0, 1);
        else workers.Run(job);
    }
}
