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
    private readonly Arena arena = new(), scopeArena = new();
    private readonly bool recomputes;
    private readonly StretchJob<T> stretch = new();
    private readonly DocumentAttentionJob<T> attention;
    private readonly List<Record> records = [];
    private readonly List<int> numbers = [];
    private readonly List<int> scopes = [];
    private bool inScope;

    public RecordingBackend(RecordingOptions options, CpuLevel level) : base(options)
    {
        recomputes = options.Recompute;
        workers = new WorkerPool(ThreadCount);
        floatProducts = GemmKernel.For(level, brain: false);
        products = GemmKernel.For(level, options.RoundToBrain);
        gemm = new Gemm(workers, products);
        attention = new DocumentAttentionJob<T>(floatProducts, ThreadCount);
    }

    public override bool RoundsToBrain => products.IsBrain;

    public override long ScratchBytes => arena.ReservedBytes + scopeArena.ReservedBytes + gradients.ReservedBytes + gemm.ScratchBytes + attention.ScratchBytes;

    public override long AttentionBlockCount => attention.BlockCount;

    public override void BeginStep()
    {
        arena.Reset();
        records.Clear();
        numbers.Clear();
        scopes.Clear();
        scopeArena.Reset();
        inScope = false;
        gradients.Clear();
    }

    public override StepScope BeginScope()
    {
        inScope = true;
        scopes.Add(records.Count);
        return new StepScope(this);
    }

    public override Tensor Embed(Weight table, ReadOnlySpan<int> tokens)
    {
        foreach (int token in tokens)
            if ((uint)token >= (uint)table.Rows) throw new CriaException($"token {token} is outside the vocabulary of {table.Rows}");
        return Do(Numbered(new Record { Operation = Operation.Embed, Weight = (Parameter)table, Y = New(tokens.Length, table.Columns) }, tokens));
    }

    public override Tensor RmsNorm(Tensor x, Weight gain, float epsilon) =>
        Do(new Record { Operation = Operation.RmsNorm, X = x, Y = New(x.Rows, x.Columns), Weight = (Parameter)gain, Number = epsilon });

    public override Tensor MatMul(Tensor x, Weight w)
    {
        var weight = (Parameter)w;
        Tensor y = Linear(x, weight);
        if (weight.Adapter is not { } adapter) return y;
        if (adapter.Dropout > 0 && IsRecording)
            x = Do(new Record { Operation = Operation.Dropout, X = x, Y = New(x.Rows, x.Columns), Number = adapter.Dropout, Size = unchecked(DropoutSeed * 65599 + records.Count) });
        Tensor narrow = Linear(x, adapter.Down);
        Tensor scaled = Do(new Record { Operation = Operation.Scale, X = narrow, Y = New(narrow.Rows, narrow.Columns), Number = adapter.Scale });
        return Do(new Record { Operation = Operation.LinearInto, X = scaled, Y = y, Weight = adapter.Up });
    }

    public override Tensor RopeAngles(ReadOnlySpan<double> inverseFrequencies, double magnitude, ReadOnlySpan<long> positions)
    {
        Tensor angles = New(positions.Length, 2 * inverseFrequencies.Length);
        for (int i = 0; i < positions.Length; i++) Kernels.Rope.Angles(inverseFrequencies, magnitude, positions[i], angles.Row(i));
        return angles;
    }

    public override Tensor Rope(Tensor x, Tensor angles, int headSize) => Do(new Record { Operation = Operation.Rope, X = x, Y = x, Z = angles, Size = headSize });

    public override Tensor Attention(Tensor q, Tensor k, Tensor v, KvPool pool, int layer, ReadOnlySpan<AttentionSlice> slices)
    {
        int headSize = pool.Layout.HeadSize, first = numbers.Count;
        if (Ranks is { } ranks) return SharedAttention(ranks, q, k, v, headSize);
        foreach (AttentionSlice slice in slices)
        {
            if (slice.Position != 0) throw new ArgumentException("a document in training begins at position 0", nameof(slices));
            numbers.Add(slice.Row);
            numbers.Add(slice.Count);
        }
        Tensor result = New(q.Rows, q.Columns);
        var logSums = Memory.Take<float>((long)q.Rows * (q.Columns / headSize));
        return Do(new Record { Operation = Operation.Attention, X = q, Z = k, V = v, Y = result, Size = headSize, FirstNumber = first, NumberCount = numbers.Count - first, LogSums = logSums });
    }

    public override Tensor SwiGlu(Tensor x, Weight gate, Weight up)
    {
        Tensor g = MatMul(x, gate), u = MatMul(x, up);
        return Do(new Record { Operation = Operation.Gate, X = g, Z = u, Y = New(x.Rows, gate.Rows) });
    }

    public override Tensor Add(Tensor x, Tensor y)
    {
        // A sum is all that may leave a scope.
        var sum = new Tensor(arena.Take<float>((long)x.Rows * x.Columns), x.Rows, x.Columns);
        return Do(new Record { Operation = Operation.Add, X = x, Z = y, Y = sum });
    }

    public override Tensor Rows(Tensor x, ReadOnlySpan<int> rows) => Do(Numbered(new Record { Operation = Operation.Rows, X = x, Y = New(rows.Length, x.Columns) }, rows));

    public override ReadOnlySpan<float> Read(Tensor x, int row) => x.RowSpan(row);

    public override void Dispose()
    {
        DisposeParameters();
        workers.Dispose();
        arena.Dispose();
        scopeArena.Dispose();
        gradients.Dispose();
        gemm.Dispose();
        attention.Dispose();
    }

    internal override void EndScope()
    {
        inScope = false;
        scopes.Add(records.Count);
        if (IsTransient) scopeArena.Reset();
    }

    /// <summary>True when a scope's tensors do not outlive it.</summary>
    private bool IsTransient => recomputes || !IsRecording;

    private Arena Memory => inScope && IsTransient ? scopeArena : arena;

    private Tensor New(int rows, int columns) => new(Memory.Take<float>((long)rows * columns), rows, columns);

    private Tensor Linear(Tensor x, Parameter weight) => Do(new Record { Operation = Operation.Linear, X = x, Y = New(x.Rows, weight.Rows), Weight = weight });

    /// <summary>y (+)= x · wᵀ.</summary>
    private void Product(Tensor x, Parameter weight, Tensor y, bool accumulate) =>
        gemm.Run(GemmOperand.Of(x), GemmOperand.TransposeOf(weight.Values), y.Data, y.Columns, x.Rows, weight.Rows, x.Columns, accumulate);

    private Record Numbered(Record record, ReadOnlySpan<int> integers)
    {
        record.FirstNumber = numbers.Count;
        record.NumberCount = integers.Length;
        numbers.AddRange(integers);
        return record;
    }

    private Tensor Do(in Record record)
    {
        Run(record);
        if (IsRecording) records.Add(record);
        return record.Y;
    }

    private void Run(in Record record)
    {
        Tensor x = record.X, y = record.Y;
        switch (record.Operation)
        {
            case Operation.Embed:
                for (int i = 0; i < record.NumberCount; i++) record.Weight!.Row(numbers[record.FirstNumber + i]).CopyTo(y.RowSpan(i));
                break;
            case Operation.RmsNorm: workers.Run(stretch.RmsNorm(x, record.Weight!.Data, record.Number, y)); break;
            case Operation.Linear: Product(x, record.Weight!, y, accumulate: false); break;
            case Operation.LinearInto: Product(x, record.Weight!, y, accumulate: true); break;
            case Operation.Dropout: workers.Run(stretch.Dropout(x, y.Data, record.Number, (uint)record.Size, accumulate: false)); break;
            case Operation.Scale: workers.Run(stretch.Scale(x, y.Data, record.Number, accumulate: false)); break;
            case Operation.Rope: workers.Run(stretch.Rope(x, record.Z, record.Size)); break;
            case Operation.ToHeads: SpreadHeads(x, y.Data, record.Size); break;
            case Operation.ToTokens: SpreadTokens(x, y.Data, record.Size); break;
            case Operation.Attention when Ranks is { } ranks: RingForward(ranks, record); break;
            case Operation.Attention:
                attention.Begin(x, record.Z, record.V, y, record.LogSums, record.Size);
                AddDocuments(record);
                workers.Run(attention);
                break;
            case Operation.Gate: workers.Run(stretch.Gate(x, record.Z, y.Data)); break;
            case Operation.Add: workers.Run(stretch.Add(x, record.Z, y.Data)); break;
            case Operation.Rows:
                for (int i = 0; i < record.NumberCount; i++) x.RowSpan(numbers[record.FirstNumber + i]).CopyTo(y.RowSpan(i));
                break;
        }
    }

    private void AddDocuments(in Record record)
    {
        for (int i = 0; i < record.NumberCount; i += 2) attention.Add(new DocumentRows(numbers[record.FirstNumber + i], numbers[record.FirstNumber + i + 1]));
    }
}
