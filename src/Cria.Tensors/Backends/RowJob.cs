using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Backends;

/// <summary>An operation on each row by itself; rows are shared out evenly.</summary>
internal sealed unsafe class RowJob<T> : ParallelJob where T : struct, ILanes<T>
{
    private Operation operation;
    private Tensor x, y;
    private float* gains;
    private float epsilon;
    private int headSize;

    private enum Operation { RmsNorm, Rope, Add, SwiGlu }

    /// <summary>Elements the operation touches.</summary>
    public long Elements => (long)x.Rows * x.Columns;

    public RowJob<T> RmsNorm(Tensor input, float* gain, float normEpsilon, Tensor output)
    {
        (operation, x, epsilon, y) = (Operation.RmsNorm, input, normEpsilon, output);
        gains = gain;
        return this;
    }

    public RowJob<T> Rope(Tensor input, Tensor angles, int size)
    {
        (operation, x, y, headSize) = (Operation.Rope, input, angles, size);
        return this;
    }

    public RowJob<T> Add(Tensor first, Tensor second)
    {
        (operation, x, y) = (Operation.Add, first, second);
        return this;
    }

    public RowJob<T> SwiGlu(Tensor gate, Tensor up)
    {
        (operation, x, y) = (Operation.SwiGlu, gate, up);
        return this;
    }

    public override void Run(int worker, int workerCount)
    {
        int first = (int)((long)x.Rows * worker / workerCount), last = (int)((long)x.Rows * (worker + 1) / workerCount);
        for (int row = first; row < last; row++)
        {
            switch (operation)
            {
                case Operation.RmsNorm: Kernels.RmsNorm.Row<T>(x.Row(row), gains, epsilon, y.Row(row), x.Columns); break;
                case Operation.Rope: Kernels.Rope.Row(x.Row(row), y.Row(row), x.Columns, headSize); break;
                case Operation.SwiGlu: Kernels.SwiGlu.Row<T>(x.Row(row), y.Row(row), x.Columns); break;
                case Operation.Add: Kernels.Add.Row<T>(x.Row(row), y.Row(row), x.Columns); break;
            }
        }
    }
}
