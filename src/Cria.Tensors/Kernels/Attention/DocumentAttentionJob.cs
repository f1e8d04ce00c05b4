using Cria.Tensors.Kernels.Gemm;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// Attention within documents on all workers. Forward, a piece of work is a block of queries and a key-value head; backward, a document and a key-value head, so that no two pieces add to the same gradient.
/// </summary>
internal sealed unsafe class DocumentAttentionJob<T>(GemmKernel kernel, int workerCount) : ParallelJob, IDisposable where T : struct, ILanes<T>
{
    private readonly NativeBuffer[] scratch = [.. Enumerable.Range(0, workerCount).Select(_ => new NativeBuffer(0))];
    private readonly DocumentAttention<T>?[] blocks = new DocumentAttention<T>?[workerCount];
    private readonly List<(DocumentRows Document, int Block)> pieces = [];
    private Tensor q, k, v, result;
    private float* logSums, dresult, dq, dk, dv;
    private int headSize, groupSize;

    /// <summary>Scratch bytes held.</summary>
    public long ScratchBytes => scratch.Sum(buffer => buffer.ByteCount);

    /// <summary>Begins attention of q [tokens, heads · headSize], k and v [tokens, kvHeads · headSize]; documents are added after.</summary>
    public void Begin(Tensor query, Tensor key, Tensor value, Tensor output, float* sums, int size)
    {
        (q, k, v, result) = (query, key, value, output);
        logSums = sums;
        dresult = null;
        pieces.Clear();
        int group = q.Columns / k.Columns;
        if (size == headSize && group == groupSize) return;
        (headSize, groupSize) = (size, group);
        for (int i = 0; i < scratch.Length; i++)
        {
            scratch[i].Dispose();
            scratch[i] = new NativeBuffer(DocumentAttention<T>.ScratchBytes(size, group));
            blocks[i] = new DocumentAttention<T>(kernel, scratch[i].Data, size, group);
        }
    }

    /// <summary>Makes it the way back.</summary>
    public void BeginBackward(float* resultGradient, float* queryGradient, float* keyGradient, float* valueGradient)
    {
        dresult = resultGradient;
        dq = queryGradient;
        dk = keyGradient;
        dv = valueGradient;
    }

    /// <summary>Adds a document.</summary>
    public void Add(DocumentRows document)
    {
        for (int block = dresult == null ? DocumentAttention<T>.Blocks(document.Count) - 1 : 0; block >= 0; block--) pieces.Add((document, block));
    }

    public override void Run(int worker, int workers)
    {
        int heads = k.Columns / headSize;
        DocumentAttention<T> attention = blocks[worker]!;
        for (int piece = TakeNext(); piece < pieces.Count * heads; piece = TakeNext())
        {
            (DocumentRows document, int block) = pieces[piece / heads];
            if (dresult == null) attention.Forward(q, k, v, result, logSums, document, block, piece % heads);
            else attention.Backward(q, k, v, result, logSums, Like(dresult, q), Like(dq, q), Like(dk, k), Like(dv, v), document, piece % heads);
        }
    }

    public void Dispose()
    {
        foreach (NativeBuffer buffer in scratch) buffer.Dispose();
    }

    private static Tensor Like(float* data, Tensor shape) => new(data, shape.Rows, shape.Columns);
}
