using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Backends;

/// <summary>Low-rank factors beside weights. They are two small float matrices, so their products are those of any other weight.</summary>
internal sealed unsafe partial class CpuBackend<T>
{
    // Kernels take rows of whole 32 elements; the rest of a factor is zeros, which change nothing.
    private const int RankStep = 32, RowStep = 16;

    private readonly List<NativeBuffer> factors = [];
    private int[] sets = [];
    private int setCount;

    /// <summary>The set each row takes; empty where none takes any.</summary>
    private ReadOnlySpan<int> Sets => sets.AsSpan(0, setCount);

    public override void ChooseAdapters(ReadOnlySpan<int> sets)
    {
        setCount = sets.IndexOfAnyExcept(0) < 0 ? 0 : sets.Length;
        if (this.sets.Length < setCount) this.sets = new int[Math.Max(setCount, 2 * this.sets.Length)];
        sets[..setCount].CopyTo(this.sets);
    }

    public override void Adapt(Weight weight, int rank, ReadOnlySpan<float> down, ReadOnlySpan<float> up, int set = 0)
    {
        if (rank < 1 || down.Length != (long)rank * weight.Columns || up.Length != (long)rank * weight.Rows)
            throw new ArgumentException($"factors of {down.Length} and {up.Length} elements do not fit {weight.Name} [{weight.Rows}, {weight.Columns}] at rank {rank}", nameof(rank));
        int padded = (rank + RankStep - 1) / RankStep * RankStep;
        ((CpuWeight)weight).LowRank.Add((set, Factor(weight.Name + ".lora_a", down, rank, padded, weight.Columns, weight.Columns), Factor(weight.Name + ".lora_b", up, weight.Rows, weight.Rows, rank, padded)));
    }

    private CpuWeight Factor(string name, ReadOnlySpan<float> values, int rows, int paddedRows, int columns, int paddedColumns)
    {
        var buffer = new NativeBuffer((long)paddedRows * paddedColumns * sizeof(float));
        factors.Add(buffer);
        for (int row = 0; row < rows; row++)
            values.Slice(row * columns, columns).CopyTo(new Span<float>((float*)buffer.Data + (long)row * paddedColumns, columns));
        return (CpuWeight)Upload(name, new TensorView(TensorType.F32, paddedRows, paddedColumns, buffer.Data, buffer.ByteCount));
    }

    private bool IsAdapted(Weight weight)
    {
        foreach ((int set, _, _) in ((CpuWeight)weight).LowRank)
        {
            if (set == 0 || Sets.Contains(set)) return true;
        }
        return false;
    }

    /// <summary>y += (x · downᵀ) · upᵀ for each pair of factors beside the weight, in the rows that take it.</summary>
    private void AddLowRank(Tensor x, Weight weight, Tensor y)
    {
        foreach ((int set, CpuWeight down, CpuWeight up) in ((CpuWeight)weight).LowRank)
        {
            if (set != 0 && !Sets.Contains(set)) continue;
            using StepScope scope = BeginScope();
            if (set != 0 && Sets.ContainsAnyExcept(set))
            {
                AddToSome(x, set, down, up, y);
                continue;
            }
            Tensor part = MatMul(MatMul(x, down), up);
            if (y.Columns % RowStep == 0) Add(y, part);
            else for (int row = 0; row < y.Rows; row++) AddAny(y.RowSpan(row), part.RowSpan(row));
        }
    }

    private void AddToSome(Tensor x, int set, CpuWeight down, CpuWeight up, Tensor y)
    {
        if (setCount != x.Rows) throw new InvalidOperationException($"adapters were chosen for {setCount} rows, but the product has {x.Rows}");
        Tensor some = New(Sets.Count(set), x.Columns);
        int count = 0;
        for (int row = 0; row < x.Rows; row++)
        {
            if (Sets[row] == set) x.RowSpan(row).CopyTo(some.RowSpan(count++));
        }
        Tensor part = MatMul(MatMul(some, down), up);
        count = 0;
        for (int row = 0; row < x.Rows; row++)
        {
            if (Sets[row] == set) AddAny(y.RowSpan(row), part.RowSpan(count++));
        }
    }

    // A vocabulary may have any size.
    private static void AddAny(Span<float> x, ReadOnlySpan<float> y)
    {
        for (int i = 0; i < x.Length; i++) x[i] += y[i];
    }

    private Tensor SwiGluApart(Tensor x, Weight gate, Weight up)
    {
        Tensor g = MatMul(x, gate);
        using StepScope scope = BeginScope();
        Run(rows.SwiGlu(g, MatMul(x, up)));
        return g;
    }
}
