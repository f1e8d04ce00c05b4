using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>One to three products of the same input: the rows of all weights are one list of pieces that workers take from.</summary>
internal sealed unsafe class MatMulJob<T> : ParallelJob where T : struct, ILanes<T>
{
    /// <summary>Pieces that a worker takes at once where one token makes them short.</summary>
    private const int MostPieces = 8;

    private readonly NativeBuffer[] scratch;
    private readonly MatMulInput input = new();
    private readonly CpuWeight[] weights = new CpuWeight[3];
    private CpuWeight? gatedUp;
    private readonly Tensor[] results = new Tensor[3];
    private float* tiles;
    private readonly PieceRanges pieces;
    private int count;

    public MatMulJob(NativeBuffer[] scratch)
    {
        this.scratch = scratch;
        pieces = new PieceRanges(scratch.Length);
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
        gatedUp = null;
    }

    /// <summary>Adds y = x · wᵀ.</summary>
    public void Add(CpuWeight weight, Tensor y)
    {
        if (weight.Columns != input.Columns) throw new ArgumentException($"{weight.Name} takes {weight.Columns} features, not {input.Columns}", nameof(weight));
        weights[count] = weight;
        results[count++] = y;
    }

    /// <summary>Makes y = g · sigmoid(g) · u with g = x · gateᵀ and u = x · upᵀ the only product.</summary>
    public void AddGated(CpuWeight gate, CpuWeight up, Tensor y)
    {
        Add(gate, y);
        gatedUp = up;
    }

    /// <summary>Takes memory for every form the weights ask for and for the workers' result tiles.</summary>
    public void TakeMemory(Arena arena)
    {
        tiles = arena.Take<float>(scratch.Length * WorkerTileFloats);
        for (int i = 0; i < count; i++) input.Ask(weights[i].Kernel, arena);
        if (gatedUp is not null) input.Ask(gatedUp.Kernel, arena);
        int total = 0;
        for (int i = 0; i < count; i++) total += Pieces(i);
        pieces.Share(total);
    }

    /// <summary>Prepares all tokens on the calling thread.</summary>
    public void PrepareAll()
    {
        for (int token = 0; token < input.Tokens; token++) input.Prepare<T>(token);
    }

    public override void Run(int worker, int workerCount)
    {
        while (pieces.TryTake(worker, MostTogether, out int piece, out int taken))
        {
            int index = 0;
            while (taken > 0)
            {
                for (; piece >= Pieces(index); index++) piece -= Pieces(index);
                int together = Math.Min(taken, Pieces(index) - piece);
                RunPieces(index, piece * MatMulKernel.PiecePanels, together * MatMulKernel.PiecePanels, worker);
                piece += together;
                taken -= together;
            }
        }
    }

    private void RunPieces(int index, int firstPanel, int mostPanels, int worker)
    {
        CpuWeight weight = weights[index];
        int panels = Math.Min(mostPanels, weight.Panels - firstPanel);
        // One token's rows follow one another in the result as they do in a tile.
        bool inPlace = input.Tokens == 1 && (firstPanel + panels) * 16 <= weight.Rows;
        float* result = results[index].Data, own = tiles + worker * WorkerTileFloats, tile = inPlace ? result + firstPanel * 16 : own;
        weight.Kernel.Run(weight, firstPanel, panels, input, tile, scratch[worker].Data);
        if (gatedUp is { } up)
        {
            float* upTile = own + WorkerTileFloats / 2;
            up.Kernel.Run(up, firstPanel, panels, input, upTile, scratch[worker].Data);
            SwiGlu.Row<T>(tile, upTile, MatMulKernel.TileFloats(input.Tokens, panels));
        }
        if (!inPlace) MatMulKernel.CopyOut(tile, weight, firstPanel, panels, input.Tokens, result);
    }

    private int MostTogether => input.Tokens == 1 ? MostPieces : 1;

    /// <summary>Floats of a worker's tile and, for gated products, of the tile beside it.</summary>
    private long WorkerTileFloats => (gatedUp is null ? 1L : 2L) * MatMulKernel.TileFloats(input.Tokens, MostTogether * MatMulKernel.PiecePanels);

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
