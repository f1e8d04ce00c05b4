using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// Grouped-query attention over the paged cache. A piece of work is one key-value head and a block of one sequence's tokens: each page is turned to floats once
/// and serves every query row of the block, all heads of the group together. Where there are too few blocks for the workers, a piece is one stretch of a block's past.
/// </summary>
internal sealed unsafe class AttentionJob<T>(NativeBuffer[] scratch) : ParallelJob, IDisposable where T : struct, ILanes<T>
{
    /// <summary>Query rows of a block: whole tiles, few enough for the second-level cache, enough to make turning pages to floats cheap.</summary>
    private const int MostRows = 192, FewestRows = 24;

    /// <summary>Pieces a worker should have, so that all end at about the same time.</summary>
    private const int PiecesPerWorker = 4;

    /// <summary>Bytes that kept results of stretches may take.</summary>
    private const long MostKeptBytes = 256L << 20;

    private readonly List<Block> blocks = [];
    private readonly List<(int Block, int Head, int Stretch)> pieces = [];
    private int[] unfinished = [];
    private NativeBuffer kept = new(0);
    private Tensor query, output;
    private KvPool pool = null!;
    private int layer, group, mostTokens;
    private bool byStretch;

    /// <summary>Sets the work of one layer.</summary>
    public void Set(Tensor q, Tensor result, KvPool cache, int layerIndex, ReadOnlySpan<AttentionSlice> slices)
    {
        (query, output, pool, layer) = (q, result, cache, layerIndex);
        int heads = pool.Layout.HeadCount, wanted = PiecesPerWorker * scratch.Length;
        group = query.Columns / pool.Layout.HeadSize / heads;
        int rows = MostRows;
        Cut(slices, rows);
        while (blocks.Count * heads < wanted && rows > FewestRows) Cut(slices, rows /= 2);
        byStretch = scratch.Length > 1 && blocks.Count * heads < wanted && TryKeep();
        pieces.Clear();
        // The blocks with the longest past come last in a prompt; taking them first evens the end out.
        for (int block = blocks.Count - 1; block >= 0; block--)
        {
            for (int head = 0; head < heads; head++)
            {
                for (int stretch = 0; stretch < (byStretch ? blocks[block].Stretches : 1); stretch++) pieces.Add((block, head, stretch));
            }
        }
        long bytes = AttentionBlock<T>.ScratchBytes(pool.Layout.HeadSize, mostTokens * group);
        for (int i = 0; i < scratch.Length; i++)
        {
            if (scratch[i].ByteCount >= bytes) continue;
            scratch[i].Dispose();
            scratch[i] = new NativeBuffer(bytes);
        }
    }

    public override void Run(int worker, int workerCount)
    {
        for (int piece = TakeNext(); piece < pieces.Count; piece = TakeNext())
        {
            (int index, int head, int stretch) = pieces[piece];
            Block block = blocks[index];
            var rows = new AttentionBlock<T>(scratch[worker].Data, pool, layer, head, block.Slice, block.FirstToken, block.Tokens, group);
            int firstRow = block.Slice.Row + block.FirstToken;
            rows.TakeQueries(query, firstRow);
            if (!byStretch)
            {
                for (int i = 0; i < block.Stretches; i++)
                {
                    rows.Attend(i);
                    rows.Merge(i);
                }
                rows.Finish(output, firstRow);
                continue;
            }
            float* results = (float*)kept.Data + block.KeptAt + head * block.Stretches * block.ResultLength;
            rows.Attend(stretch);
            rows.Keep(results + stretch * block.ResultLength);
            // Whoever is last merges, in order.
            if (Interlocked.Decrement(ref unfinished[index * pool.Layout.HeadCount + head]) > 0) continue;
            for (int i = 0; i < block.Stretches; i++) rows.Merge(i, results + i * block.ResultLength);
            rows.Finish(output, firstRow);
        }
    }

    public void Dispose() => kept.Dispose();

    private void Cut(ReadOnlySpan<AttentionSlice> slices, int rows)
    {
        int most = Math.Max(1, rows / group);
        long keptAt = 0;
        mostTokens = 0;
        blocks.Clear();
        foreach (AttentionSlice slice in slices)
        {
            for (int token = 0; token < slice.Count; token += most)
            {
                int tokens = Math.Min(most, slice.Count - token), stretches = AttentionBlock<T>.Stretches(slice.Position + token + tokens - 1);
                long length = AttentionBlock<T>.ResultLength(pool.Layout.HeadSize, tokens * group);
                mostTokens = Math.Max(mostTokens, tokens);
                blocks.Add(new Block(slice, token, tokens, stretches, length, keptAt));
                keptAt += pool.Layout.HeadCount * stretches * length;
            }
        }
    }

    /// <summary>Makes room for the results of all stretches; false where that is not worth it.</summary>
    private bool TryKeep()
    {
        if (blocks.TrueForAll(static block => block.Stretches == 1)) return false;
        int heads = pool.Layout.HeadCount;
        Block last = blocks[^1];
        long bytes = sizeof(float) * (last.KeptAt + heads * last.Stretches * last.ResultLength);
        if (bytes > MostKeptBytes) return false;
        if (kept.ByteCount < bytes)
        {
            kept.Dispose();
            // Room to grow: the next tokens want a little more.
            kept = new NativeBuffer(bytes + bytes / 2);
        }
        if (unfinished.Length < blocks.Count * heads) unfinished = new int[blocks.Count * heads];
        for (int block = 0; block < blocks.Count; block++) unfinished.AsSpan(block * heads, heads).Fill(blocks[block].Stretches);
        return true;
    }

    private readonly record struct Block(AttentionSlice Slice, int FirstToken, int Tokens, int Stretches, long ResultLength, long KeptAt);
}
