using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// Attention of 6 query rows over one page of 64 positions (FlashAttention, arXiv 2205.14135): scores, running maximum and sum, weighted values. Scores are in powers of two.
/// Pages are taken in order and every row's arithmetic is its own, so a row's result does not depend on which rows stand beside it.
/// </summary>
internal static unsafe class AttentionTile
{
    /// <summary>Query rows of a tile.</summary>
    public const int Rows = 6;

    private const int Page = Backends.KvLayout.PageSize;

    /// <summary>True when keys and values of F16 and of quantized types are read as they are stored: worth it where a page serves one tile alone.</summary>
    public static bool ReadsStored<T>() where T : struct, ILanes<T> => TileEntries.Has<T>() && HalfReader.IsAvailable;

    /// <summary>
    /// scores[row, position] = Σ q·k over features in order, of the first <paramref name="rows"/> rows. q is [feature, 6], keys [position / 16, feature, 16]. Meanwhile memory from
    /// <paramref name="ahead"/> on is asked for, <paramref name="aheadStep"/> bytes for each 16 products of a row: the next page, so that it is there when its turn comes. With <paramref name="halves"/> keys are F16 (<see cref="ReadsStored{T}"/>).
    /// </summary>
    public static void Scores<T>(float* q, float* keys, int headSize, int rows, float* scores, byte* ahead, int aheadStep, bool halves = false) where T : struct, ILanes<T>
    {
        if (TileEntries.Has<T>())
        {
            TileEntries.Run<T>(halves ? TileKind.HalfScores : TileKind.Scores, rows, new TileCall
            {
                Lanes = keys,
                LaneBytes = halves ? 32 : 64,
                Numbers = q,
                Steps = headSize,
                Groups = Page / 16,
                Sums = scores,
                SumBytes = Page * sizeof(float),
                Ahead = ahead,
                AheadBytes = aheadStep,
            });
            return;
        }
        for (int group = 0; group < Page / 16; group++)
        {
            byte* next = ahead + group * headSize * aheadStep;
            if (rows <= 4) ScoreGroup<T, FourRows>(q, keys + group * headSize * 16, headSize, scores + group * 16, next, aheadStep);
            else ScoreGroup<T, SixRows>(q, keys + group * headSize * 16, headSize, scores + group * 16, next, aheadStep);
        }
    }

    /// <summary>
    /// Turns the scores of rows [row, 64] into weights 2^(s − max) against the running maximum of each, updates maximums and sums (16 a row, to be added up at the end), and writes the
    /// factor by which what each row gathered before shrinks. A score of −∞ weighs exactly 0; a row has at least one that is not.
    /// </summary>
    public static void Weigh<T>(float* scores, int rows, float* maximums, float* sums, float* shrink) where T : struct, ILanes<T>
    {
        if (typeof(T) == typeof(Lanes512) && WeighEntry512.IsAvailable)
        {
            if (rows > 0) WeighEntry512.Run(scores, rows, maximums, sums, shrink);
            return;
        }
        if (typeof(T) != typeof(Lanes128) && WeighEntry.IsAvailable)
        {
            if (rows > 0) WeighEntry.Run(scores, rows, maximums, sums, shrink);
            return;
        }
        for (int row = 0; row < rows; row++) shrink[row] = WeighRow<T>(scores + row * Page, ref maximums[row], sums + row * 16);
    }

    private static float WeighRow<T>(float* scores, ref float maximum, float* sums) where T : struct, ILanes<T>
    {
        T s0 = T.Load(scores), s1 = T.Load(scores + 16), s2 = T.Load(scores + 32), s3 = T.Load(scores + 48);
        float larger = MathF.Max(maximum, T.Largest(T.Max(T.Max(s0, s1), T.Max(s2, s3))));
        T shift = T.Broadcast(larger);
        s0 = Exponential.Exp2(s0 - shift);
        s1 = Exponential.Exp2(s1 - shift);
        s2 = Exponential.Exp2(s2 - shift);
        s3 = Exponential.Exp2(s3 - shift);
        s0.Store(scores);
        s1.Store(scores + 16);
        s2.Store(scores + 32);
        s3.Store(scores + 48);
        float shrink = maximum == larger ? 1f : T.Largest(Exponential.Exp2(T.Broadcast(maximum - larger)));
        (T.Load(sums) * T.Broadcast(shrink) + (s0 + s1 + (s2 + s3))).Store(sums);
        maximum = larger;
        return shrink;
    }

    /// <summary>output[row, feature] = output · shrink[row] + Σ weight · value over positions in order, of the first <paramref name="rows"/> rows. Values are [position, feature], F16 with <paramref name="halves"/>, weights [row, 64]. Memory is asked for as in <see cref="Scores{T}"/>.</summary>
    public static void Gather<T>(float* weights, float* values, int headSize, int rows, float* shrink, float* output, byte* ahead, int aheadStep, bool halves = false) where T : struct, ILanes<T>
    {
        if (TileEntries.Has<T>())
        {
            TileEntries.Run<T>(halves ? TileKind.HalfValues : TileKind.Values, rows, new TileCall
            {
                Lanes = values,
                LaneBytes = headSize * (halves ? sizeof(short) : sizeof(float)),
                Numbers = weights,
                Steps = Page,
                Groups = headSize / 16,
                Sums = output,
                SumBytes = headSize * sizeof(float),
                Shrink = shrink,
                Ahead = ahead,
                AheadBytes = aheadStep,
            });
            return;
        }
        for (int feature = 0; feature < headSize; feature += 16)
        {
            byte* next = ahead + feature / 16 * Page * aheadStep;
            if (rows <= 4) GatherGroup<T, FourRows>(weights, values + feature, headSize, shrink, output + feature, next, aheadStep);
            else GatherGroup<T, SixRows>(weights, values + feature, headSize, shrink, output + feature, next, aheadStep);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreGroup<T, TRows>(float* query, float* keys, int headSize, float* s, byte* ahead, int aheadStep) where T : struct, ILanes<T> where TRows : struct, IRowCount
    {
        T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        for (int d = 0; d < headSize; d++)
        {
            Ask(ahead);
            ahead += aheadStep;
            T u = T.Load(keys);
            a0 = T.Fma(u, T.Broadcast(query[0]), a0);
            a1 = T.Fma(u, T.Broadcast(query[1]), a1);
            a2 = T.Fma(u, T.Broadcast(query[2]), a2);
            a3 = T.Fma(u, T.Broadcast(query[3]), a3);
            if (TRows.Count > 4)
            {
                a4 = T.Fma(u, T.Broadcast(query[4]), a4);
                a5 = T.Fma(u, T.Broadcast(query[5]), a5);
            }
            keys += 16;
            query += Rows;
        }
        a0.Store(s);
        a1.Store(s + Page);
        a2.Store(s + 2 * Page);
        a3.Store(s + 3 * Page);
        if (TRows.Count <= 4) return;
        a4.Store(s + 4 * Page);
        a5.Store(s + 5 * Page);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherGroup<T, TRows>(float* p, float* v, int headSize, float* shrink, float* o, byte* ahead, int aheadStep) where T : struct, ILanes<T> where TRows : struct, IRowCount
    {
        T a0 = T.Load(o) * T.Broadcast(shrink[0]);
        T a1 = T.Load(o + headSize) * T.Broadcast(shrink[1]);
        T a2 = T.Load(o + 2 * headSize) * T.Broadcast(shrink[2]);
        T a3 = T.Load(o + 3 * headSize) * T.Broadcast(shrink[3]);
        T a4 = default, a5 = default;
        if (TRows.Count > 4)
        {
            a4 = T.Load(o + 4 * headSize) * T.Broadcast(shrink[4]);
            a5 = T.Load(o + 5 * headSize) * T.Broadcast(shrink[5]);
        }
        for (int position = 0; position < Page; position++)
        {
            Ask(ahead);
            ahead += aheadStep;
            T u = T.Load(v);
            a0 = T.Fma(u, T.Broadcast(p[0]), a0);
            a1 = T.Fma(u, T.Broadcast(p[Page]), a1);
            a2 = T.Fma(u, T.Broadcast(p[2 * Page]), a2);
            a3 = T.Fma(u, T.Broadcast(p[3 * Page]), a3);
            if (TRows.Count > 4)
            {
                a4 = T.Fma(u, T.Broadcast(p[4 * Page]), a4);
                a5 = T.Fma(u, T.Broadcast(p[5 * Page]), a5);
            }
            v += headSize;
            p++;
        }
        a0.Store(o);
        a1.Store(o + headSize);
        a2.Store(o + 2 * headSize);
        a3.Store(o + 3 * headSize);
        if (TRows.Count <= 4) return;
        a4.Store(o + 4 * headSize);
        a5.Store(o + 5 * headSize);
    }

    /// <summary>Asks for a line of memory in the second-level cache; the first has no room for a page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ask(byte* address)
    {
        if (Sse.IsSupported) Sse.Prefetch1(address);
    }
}
