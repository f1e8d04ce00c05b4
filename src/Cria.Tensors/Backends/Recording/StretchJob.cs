using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Backends.Recording;

/// <summary>Operations on rows or stretches by themselves, in pieces whose size does not depend on the number of workers.</summary>
internal sealed unsafe class StretchJob<T> : ParallelJob where T : struct, ILanes<T>
{
    private const int PieceRows = 32;

    private Kind kind;
    private Tensor x, y;
    private float* gains, dy, dx, partial;
    private double* sums;
    private float number;
    private int size, pieces;
    private bool accumulates;
    private nint targets;
    private uint seed;
    private float* mean, square;
    private AdamW.Step adam;

    private enum Kind { RmsNorm, RmsNormBack, Rope, RopeBack, Gate, GateBack, Add, Scale, Dropout, CrossEntropy, AdamW, Squares }

    /// <summary>Rows of partial sums that <see cref="RmsNormBack"/> writes.</summary>
    public static int PartialRows(int rows) => (rows + PieceRows - 1) / PieceRows;

    public StretchJob<T> RmsNorm(Tensor input, float* gain, float epsilon, Tensor output)
    {
        gains = gain;
        return Set(Kind.RmsNorm, input, output, epsilon, 0, input.Rows);
    }

    /// <summary><paramref name="gainSums"/> gets one row of partial sums a piece, or is null.</summary>
    public StretchJob<T> RmsNormBack(Tensor input, float* gain, float epsilon, float* gradient, float* result, bool accumulate, float* gainSums)
    {
        gains = gain;
        dy = gradient;
        dx = result;
        partial = gainSums;
        accumulates = accumulate;
        return Set(Kind.RmsNormBack, input, input, epsilon, 0, input.Rows);
    }

    public StretchJob<T> Rope(Tensor input, Tensor angles, int headSize) => Set(Kind.Rope, input, angles, 0, headSize, input.Rows);

    public StretchJob<T> RopeBack(Tensor gradient, Tensor angles, int headSize) => Set(Kind.RopeBack, gradient, angles, 0, headSize, gradient.Rows);

    public StretchJob<T> Gate(Tensor gate, Tensor up, float* output)
    {
        dy = output;
        return Set(Kind.Gate, gate, up, 0, 0, gate.Rows);
    }

    /// <summary>The gradients replace gate and up.</summary>
    public StretchJob<T> GateBack(Tensor gate, Tensor up, float* gradient)
    {
        dy = gradient;
        return Set(Kind.GateBack, gate, up, 0, 0, gate.Rows);
    }

    public StretchJob<T> Add(Tensor first, Tensor second, float* output)
    {
        dy = output;
        return Set(Kind.Add, first, second, 0, 0, first.Rows);
    }

    /// <summary>target = target · keep + source · factor, with keep 0 or 1.</summary>
    public StretchJob<T> Scale(Tensor source, float* target, float factor, bool accumulate)
    {
        dx = target;
        accumulates = accumulate;
        return Set(Kind.Scale, source, source, factor, 0, source.Rows);
    }

    /// <summary>Sets a share of the elements to zero and scales the others up; the same seed gives the same elements.</summary>
    public StretchJob<T> Dropout(Tensor source, float* target, float share, uint maskSeed, bool accumulate)
    {
        dx = target;
        accumulates = accumulate;
        seed = maskSeed;
        return Set(Kind.Dropout, source, source, share, 0, source.Rows);
    }

    /// <summary>Losses of rows of logits; gradients replace them. A row whose target is negative has neither.</summary>
    public StretchJob<T> CrossEntropy(Tensor logits, int* target, float scale, double* losses)
    {
        targets = (nint)target;
        sums = losses;
        return Set(Kind.CrossEntropy, logits, logits, scale, 0, logits.Rows);
    }

    public StretchJob<T> AdamW(Tensor values, float* gradient, float* means, float* squares, AdamW.Step step)
    {
        mean = means;
        square = squares;
        dy = gradient;
        adam = step;
        return Set(Kind.AdamW, values, values, 0, 0, values.Rows);
    }

    /// <summary>Σ g² of each row, in double.</summary>
    public StretchJob<T> Squares(Tensor gradient, double* rowSums)
    {
        sums = rowSums;
        return Set(Kind.Squares, gradient, gradient, 0, 0, gradient.Rows);
    }

    public override void Run(int worker, int workerCount)
    {
        for (int piece = TakeNext(); piece < pieces; piece = TakeNext())
        {
            int first = piece * PieceRows, last = Math.Min(x.Rows, first + PieceRows);
            float* gainSums = partial == null || kind != Kind.RmsNormBack ? null : partial + (long)piece * x.Columns;
            if (gainSums != null) new Span<float>(gainSums, x.Columns).Clear();
            for (int row = first; row < last; row++) Row(row, gainSums);
        }
    }

    private void Row(int row, float* gainSums)
    {
        int columns = x.Columns;
        long at = (long)row * columns;
        switch (kind)
        {
            case Kind.RmsNorm: Kernels.RmsNorm.Row<T>(x.Row(row), gains, number, y.Row(row), columns); break;
            case Kind.RmsNormBack: Kernels.RmsNorm.BackwardRow<T>(x.Row(row), gains, number, dy + at, dx + at, accumulates, gainSums, columns); break;
            case Kind.Rope: Kernels.Rope.Row(x.Row(row), y.Row(row), columns, size); break;
            case Kind.RopeBack: Kernels.Rope.BackwardRow(x.Row(row), y.Row(row), columns, size); break;
            case Kind.Gate: SwiGlu.Row<T>(x.Row(row), y.Row(row), dy + at, columns); break;
            case Kind.GateBack: SwiGlu.BackwardRow<T>(x.Row(row), y.Row(row), dy + at, columns); break;
            case Kind.Add: Kernels.Add.Row<T>(x.Row(row), y.Row(row), dy + at, columns); break;
            case Kind.Scale: Kernels.Add.Scaled<T>(x.Row(row), number, dx + at, accumulates, columns); break;
            case Kind.Dropout: Kernels.Dropout.Row(x.Row(row), dx + at, number, seed, (uint)row, accumulates, columns); break;
            case Kind.CrossEntropy when ((int*)targets)[row] < 0:
                sums[row] = 0;
                x.RowSpan(row).Clear();
                break;
            case Kind.CrossEntropy: sums[row] = Kernels.CrossEntropy.Row<T>(x.Row(row), columns, ((int*)targets)[row], number); break;
            case Kind.AdamW: Kernels.AdamW.Row<T>(x.Row(row), dy + at, mean + at, square + at, columns, adam); break;
            case Kind.Squares: sums[row] = Kernels.Add.Squares<T>(x.Row(row), columns); break;
        }
    }

    private StretchJob<T> Set(Kind what, Tensor first, Tensor second, float value, int headSize, int rows)
    {
        (kind, x, y, number, size) = (what, first, second, value, headSize);
        pieces = PartialRows(rows);
        return this;
    }
}
