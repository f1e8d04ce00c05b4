using System.Runtime.CompilerServices;
using Cria.Tensors.Kernels.Gemm;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>A document in a batch: <paramref name="Count"/> tokens in consecutive rows from <paramref name="Row"/>.</summary>
internal readonly record struct DocumentRows(int Row, int Count);

/// <summary>Queries of a document that meet keys of it: an earlier stretch, all of which they see, or their own, which each sees up to itself.</summary>
internal readonly record struct AttentionPart(DocumentRows Queries, DocumentRows Keys, bool IsDiagonal)
{
    /// <summary>Blocks of queries × keys that are computed, for one head.</summary>
    public long BlockCount(int block)
    {
        long queries = (Queries.Count + block - 1) / block, keys = (Keys.Count + block - 1) / block;
        return IsDiagonal ? queries * (queries + 1) / 2 : queries * keys;
    }
}

/// <summary>
/// Causal grouped-query attention within each document, for training: blocks of 64 queries meet blocks of 64 keys (arXiv 2307.08691). Beside the result only the
/// logarithm of each row's sum of exponentials is kept, from which the backward pass computes the probabilities again.
/// </summary>
internal sealed unsafe partial class DocumentAttention<T> where T : struct, ILanes<T>
{
    /// <summary>Queries, and keys, of a block.</summary>
    public const int Block = 64;

    /// <summary>A logarithm of sums no score comes near: rows that are not there get the probability 0.</summary>
    private const float NoRow = 1e30f;

    private readonly GemmKernel kernel;
    private readonly int headSize, groupSize, panels, padded;
    private readonly float* query, keyTurned, value, scores, output, sums, largest;

    /// <summary>
    /// Lays its blocks out in <paramref name="scratch"/>, which holds <see cref="ScratchBytes"/>. Products are of floats: <paramref name="kernel"/> must not be of bfloat16.
    /// </summary>
    public DocumentAttention(GemmKernel kernel, byte* scratch, int headSize, int groupSize)
    {
        this.kernel = kernel;
        this.headSize = headSize;
        this.groupSize = groupSize;
        panels = (headSize + GemmKernel.Columns - 1) / GemmKernel.Columns;
        padded = panels * GemmKernel.Columns;
        float* next = (float*)scratch;
        query = Take(ref next, groupSize * Block * headSize);
        keyTurned = Take(ref next, headSize * Block);
        value = Take(ref next, Block * padded);
        scores = Take(ref next, Block * Block);
        output = Take(ref next, groupSize * Block * padded);
        sums = Take(ref next, groupSize * Block);
        largest = Take(ref next, groupSize * Block);
        probabilitiesBack = Take(ref next, Block * Block);
        valueTurned = Take(ref next, headSize * Block);
        keyPanels = Take(ref next, Block * padded);
        queryPanels = Take(ref next, Block * padded);
        outputBack = Take(ref next, Block * headSize);
        outputBackPanels = Take(ref next, Block * padded);
        keyBack = Take(ref next, Block * padded);
        valueBack = Take(ref next, Block * padded);
    }

    /// <summary>Scratch bytes of one worker.</summary>
    public static long ScratchBytes(int headSize, int groupSize)
    {
        long padded = (headSize + GemmKernel.Columns - 1) / GemmKernel.Columns * GemmKernel.Columns;
        return sizeof(float) * ((long)groupSize * Block * (headSize + padded + 2) + Block * (3L * headSize + 6 * padded + 2 * Block)) + 16 * 64;
    }

    /// <summary>Blocks of queries of a document.</summary>
    public static int Blocks(int tokens) => (tokens + Block - 1) / Block;

    /// <summary>
    /// One block of queries with all heads that share key-value head <paramref name="head"/>, which meets the keys of all <paramref name="parts"/>: writes its part of
    /// <paramref name="result"/> and of <paramref name="logSums"/> [tokens, heads]. With <paramref name="continues"/> it goes on from what stands there: a result with the
    /// logarithm L of its sum is a sum of 1 under the maximum L, so nothing overflows however far apart two parts' scores are.
    /// </summary>
    public void Forward(Tensor q, Tensor k, Tensor v, Tensor result, float* logSums, ReadOnlySpan<AttentionPart> parts, int block, int head, bool continues)
    {
        DocumentRows queries = parts[0].Queries;
        int first = queries.Row + block * Block, rows = Math.Min(Block, queries.Count - block * Block), heads = q.Columns / headSize;
        for (int g = 0; g < groupSize; g++) CopyQueries(q, first, rows, head * groupSize + g, query + g * Block * headSize);
        if (continues) Continue(result, logSums, first, rows, head, heads);
        else Begin();
        foreach (AttentionPart part in parts)
        {
            int keyBlocks = part.IsDiagonal ? block + 1 : Blocks(part.Keys.Count);
            for (int keyBlock = 0; keyBlock < keyBlocks; keyBlock++)
            {
                int firstKey = part.Keys.Row + keyBlock * Block, keys = Math.Min(Block, part.Keys.Count - keyBlock * Block);
                bool isDiagonal = part.IsDiagonal && keyBlock == block;
                Turn(k, firstKey, keys, head, keyTurned);
                PackAcross(v.Row(firstKey) + head * headSize, v.Columns, keys, value);
                for (int g = 0; g < groupSize; g++)
                {
                    Scores(query + g * Block * headSize, keyTurned, scores);
                    Soften(g, rows, keys, isDiagonal);
                    for (int panel = 0; panel < panels; panel++)
                        Multiply(scores, Block * 4, 4, value + (long)panel * Block * GemmKernel.Columns, keys, output + g * Block * padded + panel * GemmKernel.Columns, padded, rows, accumulate: true);
                }
            }
        }
        for (int g = 0; g < groupSize; g++)
        {
            int column = (head * groupSize + g) * headSize;
            for (int row = 0; row < rows; row++)
            {
                float sum = sums[g * Block + row];
                T share = T.Broadcast(1 / sum);
                float* from = output + (g * Block + row) * padded, to = result.Row(first + row) + column;
                for (int i = 0; i < headSize; i += 16) (T.Load(from + i) * share).Store(to + i);
                logSums[(long)(first + row) * heads + head * groupSize + g] = largest[g * Block + row] + MathF.Log(sum);
            }
        }
    }

    private void Begin()
    {
        T nothing = T.Broadcast(-NoRow);
        new Span<float>(output, groupSize * Block * padded).Clear();
        new Span<float>(sums, groupSize * Block).Clear();
        for (int i = 0; i < groupSize * Block; i += 16) nothing.Store(largest + i);
    }

    private void Continue(Tensor result, float* logSums, int first, int rows, int head, int heads)
    {
        for (int g = 0; g < groupSize; g++)
        {
            int queryHead = head * groupSize + g;
            for (int row = 0; row < rows; row++)
            {
                int at = g * Block + row;
                new Span<float>(result.Row(first + row) + queryHead * headSize, headSize).CopyTo(new Span<float>(output + at * padded, headSize));
                largest[at] = logSums[(long)(first + row) * heads + queryHead];
                sums[at] = 1;
            }
        }
    }

    private static float* Take(ref float* next, int count)
    {
        float* result = next;
        next += (count + 15) & ~15;
        return result;
    }

    /// <summary>Turns scores into exponentials under the running maximum and rescales what was summed under the old one.</summary>
    private void Soften(int g, int rows, int keys, bool diagonal)
    {
        for (int row = 0; row < rows; row++)
        {
            float* line = scores + row * Block;
            // A query sees the keys up to its own; those after it are masked, whether they exist or not.
            int seen = diagonal ? row + 1 : keys;
            if (seen < Block) new Span<float>(line + seen, Block - seen).Fill(-NoRow);
            T most = T.Max(T.Max(T.Load(line), T.Load(line + 16)), T.Max(T.Load(line + 32), T.Load(line + 48)));
            float before = largest[g * Block + row], now = MathF.Max(before, T.Largest(most));
            T shift = T.Broadcast(now), sum = T.Broadcast(0);
            for (int i = 0; i < Block; i += 16)
            {
                T e = Exponential.Exp(T.Load(line + i) - shift);
                e.Store(line + i);
                sum += e;
            }
            float keep = 1;
            if (now > before)
            {
                keep = MathF.Exp(before - now);
                T factor = T.Broadcast(keep);
                float* o = output + (g * Block + row) * padded;
                for (int i = 0; i < padded; i += 16) (T.Load(o + i) * factor).Store(o + i);
                largest[g * Block + row] = now;
            }
            sums[g * Block + row] = sums[g * Block + row] * keep + T.Sum(sum);
        }
    }

    /// <summary>The queries of one head, times 1 / √headSize: [64, headSize], zero where there is no token.</summary>
    private void CopyQueries(Tensor q, int firstRow, int rows, int head, float* target)
    {
        T scale = T.Broadcast(1 / MathF.Sqrt(headSize));
        for (int row = 0; row < rows; row++)
        {
            float* from = q.Row(firstRow + row) + head * headSize;
            for (int i = 0; i < headSize; i += 16) (T.Load(from + i) * scale).Store(target + row * headSize + i);
        }
        new Span<float>(target + rows * headSize, (Block - rows) * headSize).Clear();
    }

    /// <summary>Rows of one head turned into panels [2, headSize, 32]; zero where there is no token.</summary>
    private void Turn(Tensor x, int firstRow, int rows, int head, float* target)
    {
        for (int i = 0; i < Block; i += 16)
        {
            float* to = target + i / GemmKernel.Columns * headSize * GemmKernel.Columns + i % GemmKernel.Columns;
            GemmPacking.AlongSixteen(x.Row(firstRow + i) + head * headSize, x.Columns, headSize, Math.Clamp(rows - i, 0, 16), to, GemmKernel.Columns, brain: false);
        }
    }

    /// <summary>Rows of one head as panels [panel, 64, 32]; only the rows that exist are written.</summary>
    private void PackAcross(float* source, long stride, int rows, float* target)
    {
        for (int i = 0; i < padded; i += 16)
        {
            float* to = target + (long)(i / GemmKernel.Columns) * Block * GemmKernel.Columns + i % GemmKernel.Columns;
            GemmPacking.Across(source + i, stride, rows, Math.Clamp(headSize - i, 0, 16), to, GemmKernel.Columns, brain: false);
        }
    }

    /// <summary>[64, headSize] · panels [2, headSize, 32] → [64, 64].</summary>
    private void Scores(float* left, float* right, float* result)
    {
        for (int panel = 0; panel < 2; panel++)
            Multiply(left, headSize * 4, 4, right + panel * headSize * GemmKernel.Columns, headSize, result + panel * GemmKernel.Columns, Block, Block, accumulate: false);
    }

    /// <summary>Whole tiles that cover <paramref name="rows"/> rows and one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Multiply(float* a, long rowBytes, long unitBytes, float* panel, int count, float* c, int cStride, int rows, bool accumulate)
    {
        for (int row = 0; row < rows; row += GemmKernel.Rows)
        {
            var tile = new GemmTile { A = (float*)((byte*)a + row * rowBytes), ARowBytes = rowBytes, AUnitBytes = unitBytes, B = panel, Count = count, C = c + row * cStride, CRowBytes = 4L * cStride };
            kernel.Run(tile, accumulate);
        }
    }
}
