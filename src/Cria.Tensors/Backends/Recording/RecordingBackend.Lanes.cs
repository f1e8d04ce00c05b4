using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Attention;
using Cria.Tensors.Kernels.Gemm;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Backends.Recording;

/// <summary>The recording backend with the registers of one level: the way forward.</summary>
internal sealed unsafe partial class RecordingBackend<T> : RecordingBackend where T : struct, ILanes<T>
{
    private readonly WorkerPool workers;
    private readonly Gemm gemm;
    private readonly GemmKernel products, floatProducts;
    private readonly Arena arena = new();
    private readonly StretchJob<T> stretch = new();
    private readonly DocumentAttentionJob<T> attention;
    private readonly List<Record> records = [];
    private readonly List<int> numbers = [];

    public RecordingBackend(RecordingOptions options, CpuLevel level) : base(options)
    {
        workers = new WorkerPool(ThreadCount);
        floatProducts = GemmKernel.For(level, brain: false);
        products = GemmKernel.For(level, options.RoundToBrain);
        gemm = new Gemm(workers, products);
        attention = new DocumentAttentionJob<T>(floatProducts, ThreadCount);
    }

    public override bool RoundsToBrain => products.IsBrain;

    public override long ScratchBytes => arena.ReservedBytes + gradients.ReservedBytes + gemm.ScratchBytes + attention.ScratchBytes;

    public override void BeginStep()
    {
        arena.Reset();
        records.Clear();
        numbers.Clear();
        gradients.Clear();
    }

    public override Tensor Embed(Weight table, ReadOnlySpan<int> tokens)
    {
        var weight = (Parameter)table;
        Tensor result = New(tokens.Length, table.Columns);
        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)table.Rows) throw new CriaException($"token {tokens[i]} is outside the vocabulary of {table.Rows}");
            weight.Row(tokens[i]).CopyTo(result.RowSpan(i));
        }
        Write(new Record { Operation = Operation.Embed, Weight = weight, Y = result }, tokens);
        return result;
    }

    public override Tensor RmsNorm(Tensor x, Weight gain, float epsilon)
    {
        var weight = (Parameter)gain;
        Tensor result = New(x.Rows, x.Columns);
        workers.Run(stretch.RmsNorm(x, weight.Data, epsilon, result));
        Write(new Record { Operation = Operation.RmsNorm, X = x, Y = result, Weight = weight, Number = epsilon });
        return result;
    }

    public override Tensor MatMul(Tensor x, Weight w)
    {
        var weight = (Parameter)w;
        Tensor y = New(x.Rows, weight.Rows);
        Product(x, weight, y, accumulate: false);
        Write(new Record { Operation = Operation.Linear, X = x, Y = y, Weight = weight });
        if (weight.Adapter is not { } adapter) return y;
        if (adapter.Dropout > 0 && IsRecording)
        {
            Tensor thinned = New(x.Rows, x.Columns);
            int seed = unchecked(DropoutSeed * 65599 + records.Count);
            workers.Run(stretch.Dropout(x, thinned.Data, adapter.Dropout, (uint)seed, accumulate: false));
            Write(new Record { Operation = Operation.Dropout, X = x, Y = thinned, Number = adapter.Dropout, Size = seed });
            x = thinned;
        }
        Tensor narrow = New(x.Rows, adapter.Down.Rows), scaled = New(x.Rows, adapter.Down.Rows);
        Product(x, adapter.Down, narrow, accumulate: false);
        Write(new Record { Operation = Operation.Linear, X = x, Y = narrow, Weight = adapter.Down });
        workers.Run(stretch.Scale(narrow, scaled.Data, adapter.Scale, accumulate: false));
        Write(new Record { Operation = Operation.Scale, X = narrow, Y = scaled, Number = adapter.Scale });
        Product(scaled, adapter.Up, y, accumulate: true);
        Write(new Record { Operation = Operation.LinearInto, X = scaled, Y = y, Weight = adapter.Up });
        return y;
    }

    public override Tensor RopeAngles(ReadOnlySpan<double> inverseFrequencies, double magnitude, ReadOnlySpan<long> positions)
    {
        Tensor angles = New(positions.Length, 2 * inverseFrequencies.Length);
        for (int i = 0; i < positions.Length; i++) Kernels.Rope.Angles(inverseFrequencies, magnitude, positions[i], angles.Row(i));
        return angles;
    }

    public override Tensor Rope(Tensor x, Tensor angles, int headSize)
    {
        workers.Run(stretch.Rope(x, angles, headSize));
        Write(new Record { Operation = Operation.Rope, X = x, Y = x, Z = angles, Size = headSize });
        return x;
    }

    public override Tensor Attention(Tensor q, Tensor k, Tensor v, KvPool pool, int layer, ReadOnlySpan<AttentionSlice> slices)
    {
        int headSize = pool.Layout.HeadSize, first = numbers.Count;
        Tensor result = New(q.Rows, q.Columns);
        var logSums = arena.Take<float>((long)q.Rows * (q.Columns / headSize));
        attention.Begin(q, k, v, result, logSums, headSize);
        foreach (AttentionSlice slice in slices)
        {
            if (slice.Position != 0) throw new ArgumentException("a document in training begins at position 0", nameof(slices));
            attention.Add(new DocumentRows(slice.Row, slice.Count));
            numbers.Add(slice.Row);
            numbers.Add(slice.Count);
        }
        workers.Run(attention);
        Write(new Record { Operation = Operation.Attention, X = q, Z = k, V = v, Y = result, Size = headSize, FirstNumber = first, NumberCount = numbers.Count - first, LogSums = logSums });
        return result;
    }

    public override Tensor SwiGlu(Tensor x, Weight gate, Weight up)
    {
        Tensor g = MatMul(x, gate), u = MatMul(x, up), y = New(x.Rows, gate.Rows);
        workers.Run(stretch.Gate(g, u, y.Data));
        Write(new Record { Operation = Operation.Gate, X = g, Z = u, Y = y });
        return y;
    }

    public override Tensor Add(Tensor x, Tensor y)
    {
        Tensor sum = New(x.Rows, x.Columns);
        workers.Run(stretch.Add(x, y, sum.Data));
        Write(new Record { Operation = Operation.Add, X = x, Z = y, Y = sum });
        return sum;
    }

    public override Tensor Rows(Tensor x, ReadOnlySpan<int> rows)
    {
        Tensor result = New(rows.Length, x.Columns);
        for (int i = 0; i < rows.Length; i++) x.RowSpan(rows[i]).CopyTo(result.RowSpan(i));
        Write(new Record { Operation = Operation.Rows, X = x, Y = result }, rows);
        return result;
    }

    public override ReadOnlySpan<float> Read(Tensor x, int row) => x.RowSpan(row);

    public override void Dispose()
    {
        DisposeParameters();
        workers.Dispose();
        arena.Dispose();
        gradients.Dispose();
        gemm.Dispose();
        attention.Dispose();
    }

    private Tensor New(int rows, int columns) => new(arena.Take<float>((long)rows * columns), rows, columns);

    /// <summary>y (+)= x · wᵀ.</summary>
    private void Product(Tensor x, Parameter weight, Tensor y, bool accumulate) =>
        gemm.Run(GemmOperand.Of(x), GemmOperand.TransposeOf(weight.Values), y.Data, y.Columns, x.Rows, weight.Rows, x.Columns, accumulate);

    private void Write(Record record, ReadOnlySpan<int> integers)
    {
        record.FirstNumber = numbers.Count;
        record.NumberCount = integers.Length;
        if (IsRecording) numbers.AddRange(integers);
        Write(record);
    }

    private void Write(in Record record)
    {
        if (IsRecording) records.Add(record);
    }
}
