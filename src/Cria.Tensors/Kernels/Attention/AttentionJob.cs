using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// Grouped-query attention over the paged cache. A piece of work is one key-value head and a block of one sequence's tokens: each page is turned to floats once
/// and serves every query row of the block, all heads of the group together.
/// </summary>
internal abstract unsafe class AttentionJob : ParallelJob
{
    /// <summary>Tokens of a block.</summary>
    protected const int BlockTokens = 32;

    protected readonly List<(AttentionSlice Slice, int FirstToken)> Blocks = [];
    protected Tensor Query, Key, Value, Output;
    protected KvPool Pool = null!;
    protected int Layer;

    /// <summary>Scratch bytes a worker needs for heads of this size.</summary>
    public static long ScratchBytes(int headSize, int groupSize)
    {
        long rows = (BlockTokens * groupSize + AttentionTile.Rows - 1) / AttentionTile.Rows * AttentionTile.Rows;
        return sizeof(float) * (2L * KvLayout.PageSize * headSize + 2 * rows * headSize + 2 * rows + AttentionTile.Rows * (KvLayout.PageSize + 16));
    }

    /// <summary>Sets the work of one layer.</summary>
    public void Set(Tensor q, Tensor k, Tensor v, Tensor output, KvPool pool, int layer, ReadOnlySpan<AttentionSlice> slices)
    {
        (Query, Key, Value, Output, Pool, Layer) = (q, k, v, output, pool, layer);
        Blocks.Clear();
        foreach (AttentionSlice slice in slices)
        {
            for (int token = 0; token < slice.Count; token += BlockTokens) Blocks.Add((slice, token));
        }
    }
}

/// <inheritdoc cref="AttentionJob"/>
internal sealed unsafe class AttentionJob<T>(NativeBuffer[] scratch) : AttentionJob where T : struct, ILanes<T>
{
    public override void Run(int worker, int workerCount)
    {
        int heads = Pool.Layout.HeadCount;
        // The blocks with the longest past come last in a prompt; taking them first evens the end out.
        for (int piece = TakeNext(); piece < Blocks.Count * heads; piece = TakeNext())
        {
            (AttentionSlice slice, int firstToken) = Blocks[Blocks.Count - 1 - piece / heads];
            RunBlock(slice, firstToken, piece % heads, scratch[worker].Data);
        }
    }

    private void RunBlock(in AttentionSlice slice, int firstToken, int head, byte* memory)
    {
        int size = Pool.Layout.HeadSize, group = Query.Columns / size / Pool.Layout.HeadCount;
        int tokens = Math.Min(BlockTokens, slice.Count - firstToken), rows = tokens * group;
        int tiles = (rows + AttentionTile.Rows - 1) / AttentionTile.Rows;
        var keys = (float*)memory;
        float* values = keys + KvLayout.PageSize * size;
        float* queries = values + KvLayout.PageSize * size;
        float* outputs = queries + (long)tiles * AttentionTile.Rows * size;
        float* maximums = outputs + (long)tiles * AttentionTile.Rows * size;
        float* sums = maximums + tiles * AttentionTile.Rows;
        float* scores = sums + tiles * AttentionTile.Rows;
        float* shrink = scores + AttentionTile.Rows * KvLayout.PageSize;

        float scale = 1f / MathF.Sqrt(size);
        new Span<float>(queries, tiles * AttentionTile.Rows * size).Clear();
        new Span<float>(outputs, tiles * AttentionTile.Rows * size).Clear();
        new Span<float>(maximums, tiles * AttentionTile.Rows).Fill(float.NegativeInfinity);
        new Span<float>(sums, tiles * AttentionTile.Rows).Clear();
        for (int row = 0; row < rows; row++)
        {
            float* source = Query.Row(slice.Row + firstToken + row / group) + (head * group + row % group) * size;
            float* target = queries + (long)(row / AttentionTile.Rows) * AttentionTile.Rows * size + row % AttentionTile.Rows;
            for (int d = 0; d < size; d++) target[d * AttentionTile.Rows] = source[d] * scale;
        }

        long firstPosition = slice.Position + firstToken;
        int pages = (int)((firstPosition + tokens - 1) / KvLayout.PageSize) + 1;
        for (int page = 0; page < pages; page++)
        {
            KvPage.Read<T>(Pool, slice.Pages[page], Layer, head, keys, values);
            for (int tile = 0; tile < tiles; tile++)
            {
                int firstRow = tile * AttentionTile.Rows, lastRow = Math.Min(firstRow + AttentionTile.Rows, rows) - 1;
                long pageStart = (long)page * KvLayout.PageSize;
                if (firstPosition + lastRow / group < pageStart) continue;
                AttentionTile.Scores<T>(queries + (long)firstRow * size, keys, size, scores);
                for (int row = 0; row < AttentionTile.Rows; row++)
                {
                    int token = Math.Min(firstRow + row, rows - 1) / group;
                    int visible = (int)Math.Clamp(firstPosition + token + 1 - pageStart, 0, KvLayout.PageSize);
                    shrink[row] = AttentionTile.Weigh<T>(scores + row * KvLayout.PageSize, visible, ref maximums[firstRow + row], ref sums[firstRow + row]);
                }
                AttentionTile.Gather<T>(scores, values, size, shrink, outputs + (long)firstRow * size);
            }
        }

        for (int row = 0; row < rows; row++)
        {
            T inverse = T.Broadcast(1f / sums[row]);
            float* source = outputs + (long)row * size;
            float* target = Output.Row(slice.Row + firstToken + row / group) + (head * group + row % group) * size;
            for (int d = 0; d < size; d += 16) (T.Load(source + d) * inverse).Store(target + d);
        }
    }
}
