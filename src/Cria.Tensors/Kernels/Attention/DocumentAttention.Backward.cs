using Cria.Tensors.Kernels.Gemm;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// With P = exp(q·kᵀ − logSums) and D = Σ do · o of each row: dv = Pᵀ·do, dP = do·vᵀ, dS = P · (dP − D), dq = dS·k, dk = dSᵀ·q.
/// </summary>
internal sealed unsafe partial class DocumentAttention<T>
{
    private readonly float* probabilitiesBack, valueTurned, keyPanels, queryPanels, outputBack, outputBackPanels, keyBack, valueBack;

    /// <summary>
    /// All parts of one document, those with the same keys together, for key-value head <paramref name="head"/>: adds to its columns of dq and writes those of dk and dv. One call owns
    /// them, because every block of keys adds to every later query.
    /// </summary>
    public void Backward(Tensor q, Tensor k, Tensor v, Tensor result, float* logSums, Tensor dresult, Tensor dq, Tensor dk, Tensor dv, ReadOnlySpan<AttentionPart> parts, int head)
    {
        while (!parts.IsEmpty)
        {
            DocumentRows document = parts[0].Keys;
            int same = 1;
            while (same < parts.Length && parts[same].Keys == document) same++;
            for (int keyBlock = 0; keyBlock < Blocks(document.Count); keyBlock++)
            {
                int keys = Math.Min(Block, document.Count - keyBlock * Block), keyRow = document.Row + keyBlock * Block;
                Turn(k, keyRow, keys, head, keyTurned);
                Turn(v, keyRow, keys, head, valueTurned);
                PackAcross(k.Row(keyRow) + head * headSize, k.Columns, keys, keyPanels);
                new Span<float>(keyBack, Block * padded).Clear();
                new Span<float>(valueBack, Block * padded).Clear();
                foreach (AttentionPart part in parts[..same])
                {
                    DocumentRows queries = part.Queries;
                    for (int block = part.IsDiagonal ? keyBlock : 0; block < Blocks(queries.Count); block++)
                    {
                        for (int g = 0; g < groupSize; g++)
                            BackwardBlock(q, result, logSums, dresult, dq, queries.Row + block * Block, Math.Min(Block, queries.Count - block * Block), keys, head * groupSize + g, part.IsDiagonal && block == keyBlock);
                    }
                }
                for (int row = 0; row < keys; row++)
                {
                    new Span<float>(keyBack + row * padded, headSize).CopyTo(new Span<float>(dk.Row(keyRow + row) + head * headSize, headSize));
                    new Span<float>(valueBack + row * padded, headSize).CopyTo(new Span<float>(dv.Row(keyRow + row) + head * headSize, headSize));
                }
            }
            parts = parts[same..];
        }
    }

    private void BackwardBlock(Tensor q, Tensor result, float* logSums, Tensor dresult, Tensor dq, int firstRow, int rows, int keys, int queryHead, bool diagonal)
    {
        int heads = q.Columns / headSize, column = queryHead * headSize;
        CopyQueries(q, firstRow, rows, queryHead, query);
        PackAcross(query, headSize, rows, queryPanels);
        for (int row = 0; row < rows; row++) new Span<float>(dresult.Row(firstRow + row) + column, headSize).CopyTo(new Span<float>(outputBack + row * headSize, headSize));
        new Span<float>(outputBack + rows * headSize, (Block - rows) * headSize).Clear();
        PackAcross(outputBack, headSize, rows, outputBackPanels);
        Scores(query, keyTurned, scores);
        Scores(outputBack, valueTurned, probabilitiesBack);
        for (int row = 0; row < rows; row++)
        {
            float* line = scores + row * Block, back = probabilitiesBack + row * Block, o = result.Row(firstRow + row) + column, d = outputBack + row * headSize;
            if (diagonal) new Span<float>(line + row + 1, Block - row - 1).Fill(-NoRow);
            T total = T.Broadcast(0), logSum = T.Broadcast(logSums[(long)(firstRow + row) * heads + queryHead]);
            for (int i = 0; i < headSize; i += 16) total = T.Fma(T.Load(o + i), T.Load(d + i), total);
            T mean = T.Broadcast(T.Sum(total));
            for (int i = 0; i < Block; i += 16)
            {
                T p = Exponential.Exp(T.Load(line + i) - logSum);
                p.Store(line + i);
                (p * (T.Load(back + i) - mean)).Store(back + i);
            }
        }
        for (int panel = 0; panel < panels; panel++)
        {
            int at = panel * GemmKernel.Columns, offset = panel * Block * GemmKernel.Columns;
            Multiply(scores, 4, Block * 4, outputBackPanels + offset, rows, valueBack + at, padded, keys, accumulate: true);
            Multiply(probabilitiesBack, 4, Block * 4, queryPanels + offset, rows, keyBack + at, padded, keys, accumulate: true);
            Multiply(probabilitiesBack, Block * 4, 4, keyPanels + offset, keys, output + at, padded, rows, accumulate: false);
        }
        T scale = T.Broadcast(1 / MathF.Sqrt(headSize));
        for (int row = 0; row < rows; row++)
        {
            float* from = output + row * padded, to = dq.Row(firstRow + row) + column;
            for (int i = 0; i < headSize; i += 16) T.Fma(T.Load(from + i), scale, T.Load(to + i)).Store(to + i);
        }
    }
}
