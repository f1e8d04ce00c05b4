using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// <see cref="AttentionTile"/>'s products for pages of integers, in pairs of 16 bits, twice as fast as floats, or in quads of bytes, four times; keys and values need not become floats at all. So little is computed for each line of memory
/// that asking for the next page would cost more than it gives; the processor follows long runs by itself. What they are
/// multiplied with, queries and weights, is rounded to integers, too, relative to the largest of a block's features or of 64 positions (<see cref="IntegerForm"/>); the integer sums are exact.
/// Where quads are not multiplied at once, the first and the third byte of each are a pair, and the second and the fourth: numbers stand in that order then, two for each quad.
/// </summary>
internal static unsafe class IntegerTile
{
    private const int Page = Backends.KvLayout.PageSize, Rows = AttentionTile.Rows;

    /// <summary>
    /// Rounds one row's query [headSize] into a tile: pairs [feature / 2, 6] and scales [block, 6]; or, of bytes, quads [feature / 4, 6] and [block, 12] of 6 scales and what 6 sums begin with.
    /// </summary>
    public static void TakeQuery<T>(IntegerForm form, float* query, int headSize, int row, int* words, float* scales) where T : struct, ILanes<T>
    {
        short* rounded = stackalloc short[64];
        bool areQuads = form.IsBytes && TileEntries.MultipliesQuads<T>();
        words += row;
        for (int block = 0; block < headSize / form.Block; block++)
        {
            scales[row] = IntegerForm.Round<T>(query + block * form.Block, form.Block, form.LargestQuery, rounded);
            if (form.IsBytes)
            {
                // Keys have 128 added to each byte.
                int sum = 0;
                for (int i = 0; i < form.Block; i++) sum += rounded[i];
                ((int*)scales)[Rows + row] = -128 * sum;
                if (!areQuads) Alternate(rounded, form.Block);
            }
            for (int i = 0; i < form.Block; i += areQuads ? 4 : 2, words += Rows) *words = areQuads ? KvIntegers.Quad(rounded + i) : *(int*)(rounded + i);
            scales += form.IsBytes ? 2 * Rows : Rows;
        }
    }

    /// <summary>
    /// scores[row, position] = Σ q·k, block after block. Keys are [position / 16, block] of 16 scales and then pairs [feature / 2, 16] or quads [feature / 4, 16]. With a <paramref name="stored"/> type
    /// of fewer bits keys are as pages store them (<see cref="AttentionTile.ReadsStored{T}"/>).
    /// </summary>
    public static void Scores<T>(IntegerForm form, int* q, float* qScales, float* keys, int headSize, int rows, float* scores, TensorType? stored = null) where T : struct, ILanes<T>
    {
        int blocks = headSize / form.Block;
        if (TileEntries.Has<T>())
        {
            TileKind kind = stored switch { TensorType.Q8_0 => TileKind.ByteScores, TensorType.Q4_0 => TileKind.NibbleScores, _ => form.IsBytes ? TileKind.QuadScores : TileKind.PairScores };
            TileEntries.Run<T>(kind, rows, new TileCall
            {
                Lanes = keys,
                LaneBytes = kind is TileKind.PairScores or TileKind.QuadScores ? 64 : 32,
                Numbers = q,
                Steps = kind is TileKind.NibbleScores or TileKind.QuadScores ? form.Block / 4 : form.Block / 2,
                Groups = Page / 16,
                Blocks = blocks,
                Sums = scores,
                SumBytes = Page * sizeof(float),
                RowScales = qScales,
            });
            return;
        }
        new Span<float>(scores, rows * Page).Clear();
        for (int group = 0; group < Page / 16; group++)
        {
            for (int block = 0; block < blocks; block++)
            {
                int at = group * blocks + block, pairs = form.Block / 2;
                float* k = keys + at * (form.Block / form.PerWord + 1) * 16, scales = qScales + block * (form.IsBytes ? 2 * Rows : Rows);
                if (rows <= 4) ScoreBlock<T, FourRows>(pairs, form.IsBytes, q + block * pairs * Rows, scales, k, scores + group * 16);
                else ScoreBlock<T, SixRows>(pairs, form.IsBytes, q + block * pairs * Rows, scales, k, scores + group * 16);
            }
        }
    }

    /// <summary>
    /// output[row, feature] = output · shrink[row] + Σ weight · value, block after block. Values are pairs [feature / 16, position / 2, 16] or quads [feature / 16, position / 4, 16] with scales [block, position]; weights [row, 64].
    /// <paramref name="rounded"/> is room for 6 × 64 16-bit integers and 6 scales.
    /// With a <paramref name="stored"/> type of fewer bits values are rows as pages store them.
    /// </summary>
    public static void Gather<T>(IntegerForm form, float* weights, float* values, float* valueScales, int headSize, int rows, float* shrink, float* output, short* rounded, TensorType? stored = null) where T : struct, ILanes<T>
    {
        float* scales = (float*)(rounded + Rows * Page);
        for (int block = 0; block < headSize / form.Block; block++)
        {
            RoundWeights<T>(form, weights, valueScales + block * Page, rows, rounded, scales);
            if (TileEntries.Has<T>())
            {
                var call = new TileCall
                {
                    Lanes = values + block * (form.Block / form.PerWord) * Page,
                    LaneBytes = 64,
                    Numbers = rounded,
                    Steps = Page / form.PerWord,
                    Groups = form.Block / 16,
                    Sums = output + block * form.Block,
                    SumBytes = headSize * sizeof(float),
                    Shrink = shrink,
                    RowScales = scales,
                };
                if (stored is null || KvIntegers.IsFor(stored.Value)) TileEntries.Run<T>(form.IsBytes ? TileKind.QuadValues : TileKind.PairValues, rows, call);
                else GatherStored<T>(stored.Value, rows, call, (byte*)values, block, headSize);
                continue;
            }
            int groups = form.Block / 16;
            for (int group = block * groups; group < (block + 1) * groups; group++)
            {
                float* v = values + group * (Page / form.PerWord) * 16, o = output + group * 16;
                if (rows <= 4) GatherGroup<T, FourRows>(form.IsBytes, (float*)rounded, scales, v, headSize, shrink, o);
                else GatherGroup<T, SixRows>(form.IsBytes, (float*)rounded, scales, v, headSize, shrink, o);
            }
        }
    }

    /// <summary>The products of <see cref="Gather{T}"/> with one block of rows as they are stored.</summary>
    private static void GatherStored<T>(TensorType type, int rows, TileCall call, byte* values, int block, int headSize) where T : struct, ILanes<T>
    {
        int blockBytes = BlockFormat.Of(type).BlockBytes;
        call.Lanes = values + block * blockBytes + sizeof(ushort);
        call.LaneBytes = 2 * headSize / IntegerForm.OfBlocks.Block * blockBytes;
        if (type == TensorType.Q8_0)
        {
            TileEntries.Run<T>(TileKind.ByteValues, rows, call);
            return;
        }
        call.Groups = 1;
        TileEntries.Run<T>(TileKind.LowNibbleValues, rows, call);
        call.Sums += 16;
        TileEntries.Run<T>(TileKind.HighNibbleValues, rows, call);
    }

    /// <summary>Rounds the weights of rows for one block into numbers as products want them: 16 bits each, or bytes where quads are multiplied at once.</summary>
    private static void RoundWeights<T>(IntegerForm form, float* weights, float* valueScales, int rows, short* rounded, float* scales) where T : struct, ILanes<T>
    {
        bool areQuads = form.IsBytes && TileEntries.MultipliesQuads<T>();
        if (typeof(T) == typeof(Lanes512) && RoundEntry512.IsAvailable && areQuads == form.IsBytes)
        {
            RoundEntry512.Run(weights, rows, valueScales, form.LargestWeight, areQuads, rounded, scales);
            return;
        }
        for (int row = 0; row < rows; row++)
        {
            scales[row] = Round<T>(weights + row * Page, valueScales, form.LargestWeight, rounded + row * Page);
            if (form.IsBytes) Alternate(rounded + row * Page, Page);
        }
    }

    /// <summary>Puts the first and the third of each four integers before the second and the fourth. There is a multiple of 16 of them.</summary>
    private static void Alternate(short* integers, int count)
    {
        Vector256<ulong> second = Vector256.Create(0xFFFF0000ul), outer = Vector256.Create(0xFFFF00000000FFFFul);
        for (int i = 0; i < count; i += 16)
        {
            var fours = Vector256.Load((ulong*)(integers + i));
            ((fours & outer) | ((fours >> 16) & second) | ((fours & second) << 16)).Store((ulong*)(integers + i));
        }
    }

    /// <summary>Rounds weight · scale of 64 positions to 16-bit integers and returns what one of them stands for.</summary>
    internal static float Round<T>(float* weights, float* valueScales, int most, short* rounded) where T : struct, ILanes<T>
    {
        T w0 = T.Load(weights) * T.Load(valueScales), w1 = T.Load(weights + 16) * T.Load(valueScales + 16);
        T w2 = T.Load(weights + 32) * T.Load(valueScales + 32), w3 = T.Load(weights + 48) * T.Load(valueScales + 48);
        // Scales may be negative.
        float scale = IntegerForm.Scale(T.Largest(T.Max(T.Max(T.Abs(w0), T.Abs(w1)), T.Max(T.Abs(w2), T.Abs(w3)))), most, out float inverse);
        T factor = T.Broadcast(inverse);
        T.StoreRounded(w0 * factor, rounded);
        T.StoreRounded(w1 * factor, rounded + 16);
        T.StoreRounded(w2 * factor, rounded + 32);
        T.StoreRounded(w3 * factor, rounded + 48);
        return scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreBlock<T, TRows>(int pairs, bool areQuads, int* q, float* qScales, float* keys, float* s) where T : struct, ILanes<T> where TRows : struct, IRowCount
    {
        T a0 = Start(0), a1 = Start(1), a2 = Start(2), a3 = Start(3), a4 = Start(4), a5 = Start(5);
        var query = (float*)q;
        T scale = T.Load(keys);
        keys += 16;
        for (int pair = 0; pair < pairs; pair++)
        {
            T u = T.Load(keys);
            if (areQuads) u = T.Bytes(u, areOdd: pair % 2 == 1, areSigned: false);
            if (!areQuads || pair % 2 == 1) keys += 16;
            a0 = T.AddPairs(a0, u, T.Broadcast(query[0]));
            a1 = T.AddPairs(a1, u, T.Broadcast(query[1]));
            a2 = T.AddPairs(a2, u, T.Broadcast(query[2]));
            a3 = T.AddPairs(a3, u, T.Broadcast(query[3]));
            if (TRows.Count > 4)
            {
                a4 = T.AddPairs(a4, u, T.Broadcast(query[4]));
                a5 = T.AddPairs(a5, u, T.Broadcast(query[5]));
            }
            query += Rows;
        }
        Add(a0, 0);
        Add(a1, 1);
        Add(a2, 2);
        Add(a3, 3);
        if (TRows.Count <= 4) return;
        Add(a4, 4);
        Add(a5, 5);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        T Start(int row) => areQuads ? T.Broadcast(qScales[Rows + row]) : default;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Add(T sum, int row) => T.Fma(T.FromInteger(sum), scale * T.Broadcast(qScales[row]), T.Load(s + row * Page)).Store(s + row * Page);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherGroup<T, TRows>(bool areQuads, float* p, float* scales, float* v, int headSize, float* shrink, float* o) where T : struct, ILanes<T> where TRows : struct, IRowCount
    {
        const int Pairs = Page / 2;
        T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        for (int pair = 0; pair < Pairs; pair++)
        {
            T u = T.Load(v);
            if (areQuads) u = T.Bytes(u, areOdd: pair % 2 == 1, areSigned: true);
            if (!areQuads || pair % 2 == 1) v += 16;
            a0 = T.AddPairs(a0, u, T.Broadcast(p[0]));
            a1 = T.AddPairs(a1, u, T.Broadcast(p[Pairs]));
            a2 = T.AddPairs(a2, u, T.Broadcast(p[2 * Pairs]));
            a3 = T.AddPairs(a3, u, T.Broadcast(p[3 * Pairs]));
            if (TRows.Count > 4)
            {
                a4 = T.AddPairs(a4, u, T.Broadcast(p[4 * Pairs]));
                a5 = T.AddPairs(a5, u, T.Broadcast(p[5 * Pairs]));
            }
            p++;
        }
        Add(a0, 0);
        Add(a1, 1);
        Add(a2, 2);
        Add(a3, 3);
        if (TRows.Count <= 4) return;
        Add(a4, 4);
        Add(a5, 5);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Add(T sum, int row) => T.Fma(T.FromInteger(sum), T.Broadcast(scales[row]), T.Load(o + row * headSize) * T.Broadcast(shrink[row])).Store(o + row * headSize);
    }
}
