using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>One to three products of the same input: the rows of all weights are one list of pieces that workers take from.</summary>
internal sealed unsafe class MatMulJob<T> : ParallelJob where T : struct, ILanes<T>
{
    private readonly NativeBuffer[] scratch;
    private readonly MatMulInput input = new();
    private readonly CpuWeight[] weights = new CpuWeight[3];
    private readonly Tensor[] results = new Tensor[3];
    private float* tiles;
    private int count;

    public MatMulJob(NativeBuffer[] scratch)
    {
        this.scratch = scratch;
        Preparation = new PreparationJob(this);
    }

    /// <summary>Prepares the activations, tokens shared out among workers.</summary>
    public ParallelJob Preparation { get; }

    /// <summary>Tokens of the input.</summary>
    public int Tokens => input.Tokens;

    /// <summary>True when there is nothing to compute.</summary>
    public bool IsEmpty => input.Tokens == 0;

    /// <summary>Begins a list of products of x.</summary>
    public void Begin(Tensor x)
    {
        input.Begin(x.Data, x.Rows, x.Columns);
        count = 0;
    }

    /// <summary>Adds y = x · wᵀ.</summary>
    public void Add(CpuWeight weight, Tensor y)
    {
        if (weight.Columns != input.Columns) throw new ArgumentException($"{weight.Name} takes {weight.Columns} features, not {input.Columns}", nameof(weight));
        weights[count] = weight;
        results[count++] = y;
    }

    /// <summary>Takes memory for every form the weights ask for and for the workers' result tiles.</summary>
    public void TakeMemory(Arena arena)
    {
        tiles = arena.Take<float>((long)scratch.Length * input.Tokens * MatMulKernel.TileRows);
        for (int i = 0; i < count; i++) input.Ask(weights[i].Kernel, arena);
    }

    /// <summary>Prepares all tokens on the calling thread.</summary>
    public void PrepareAll()
    {
        for (int token = 0; token < input.Tokens; token++) input.Prepare<T>(token);
    }

    public override void Run(int worker, int workerCount)
    {
        for (int piece = TakeNext(); ; piece = TakeNext())
        {
            int index = 0, left = piece;
            while (index < count && left >= Pieces(index)) left -= Pieces(index++);
            if (index == count) return;
            CpuWeight weight = weights[index];
            int first = left * MatMulKernel.PiecePanels;
            weight.Kernel.Run(weight, first, Math.Min(MatMulKernel.PiecePanels, weight.Panels - first), input, results[index].Data, scratch[worker].Data, tiles + (long)worker * input.Tokens * MatMulKernel.TileRows);
        }
    }

    private int Pieces(int index) => (weights[index].Panels + MatMulKernel.PiecePanels - 1) / MatMulKernel.PiecePanels;

    private sealed class PreparationJob(MatMulJob<T> job) : ParallelJob
    {
        public override void Run(int worker, int workerCount)
        {
            MatMulInput input = job.input;
            int last = (int)((long)input.Tokens * (worker + 1) / workerCount);
            for (int token = (int)((long)input.Tokens * worker / workerCount); token < last; token++) input.Prepare<T>(token);
        }
    }
}
