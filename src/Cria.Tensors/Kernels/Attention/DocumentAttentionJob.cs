using System.Runtime.InteropServices;
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
    private readonly List<AttentionPart> parts = [];
    private readonly List<(int FirstPart, int PartCount, int Block)> pieces = [];
    private Tensor q, k, v, result;
    private float* logSums, dresult, dq, dk, dv;
    private int headSize, groupSize;
    private bool goesOn;
    private Action? between;

    /// <summary>Scratch bytes held.</summary>
    public long ScratchBytes => scratch.Sum(buffer => buffer.ByteCount);

    /// <summary>Blocks of queries × keys of one head that were asked for so far.</summary>
    public long BlockCount { get; private set; }

    /// <summary>
    /// Begins attention of q [tokens, heads · headSize], k and v [keys, kvHeads · headSize]; documents are added after. With <paramref name="continues"/> results are those of more keys than
    /// were met before. <paramref name="idle"/> is called between pieces by the thread that runs the job.
    /// </summary>
    public void Begin(Tensor query, Tensor key, Tensor value, Tensor output, float* sums, int size, bool continues = false, Action? idle = null)
    {
        (q, k, v, result, goesOn, between) = (query, key, value, output, continues, idle);
        logSums = sums;
        dresult = null;
        parts.Clear();
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

    /// <summary>Makes it the way back. Gradients of queries are added to, those of keys and values written.</summary>
    public void BeginBackward(float* resultGradient, float* queryGradient, float* keyGradient, float* valueGradient)
    {
        dresult = resultGradient;
        dq = queryGradient;
        dk = keyGradient;
        dv = valueGradient;
    }

    /// <summary>Adds a whole document.</summary>
    public void Add(DocumentRows document) => Add([new AttentionPart(document, document, IsDiagonal: true)]);

    /// <summary>Adds the parts of one document, those of the same queries together.</summary>
    public void Add(ReadOnlySpan<AttentionPart> document)
    {
        int start = parts.Count;
        parts.AddRange(document);
        foreach (AttentionPart part in document) BlockCount += part.BlockCount(DocumentAttention<T>.Block) * (q.Columns / headSize);
        if (dresult != null)
        {
            // A document has a few parts: insertion, which keeps the order of equal ones.
            for (int i = start + 1; i < parts.Count; i++)
            {
                for (int j = i; j > start && parts[j].Keys.Row < parts[j - 1].Keys.Row; j--) (parts[j], parts[j - 1]) = (parts[j - 1], parts[j]);
            }
            pieces.Add((start, document.Length, 0));
            return;
        }
        while (start < parts.Count)
        {
            int same = 1;
            while (start + same < parts.Count && parts[start + same].Queries == parts[start].Queries) same++;
            // The longest first, so that workers end together.
            for (int block = DocumentAttention<T>.Blocks(parts[start].Queries.Count) - 1; block >= 0; block--) pieces.Add((start, same, block));
            start += same;
        }
    }

    public override void Run(int worker, int workers)
    {
        int heads = k.Columns / headSize;
        DocumentAttention<T> attention = blocks[worker]!;
        for (int piece = TakeNext(); piece < pieces.Count * heads; piece = TakeNext())
        {
            (int first, int count, int block) = pieces[piece / heads];
            ReadOnlySpan<AttentionPart> some = CollectionsMarshal.AsSpan(parts).Slice(first, count);
            if (dresult == null) attention.Forward(q, k, v, result, logSums, some, block, piece % heads, goesOn);
            else attention.Backward(q, k, v, result, logSums, Like(dresult, q), Like(dq, q), Like(dk, k), Like(dv, v), some, piece % heads);
            if (worker == 0) between?.Invoke();
        }
    }

    public void Dispose()
    {
        foreach (NativeBuffer buffer in scratch) buffer.Dispose();
    }

    private static Tensor Like(float* data, Tensor shape) => new(data, shape.Rows, shape.Columns);
}
