using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// <see cref="AttentionTile"/>'s products for quantized pages, in pairs of 16-bit integers: twice as fast as floats, and keys and values need not become floats at all. What they are
/// multiplied with, queries and weights, is rounded to 15 bits and a sign, relative to the largest of 32 features or of 64 positions; the integer sums are exact.
/// </summary>
internal static unsafe class PairTile
{
    /// <summary>Features that share a scale: a block of the format.</summary>
    public const int Block = 32;

    private const int Page = Backends.KvLayout.PageSize, Rows = AttentionTile.Rows, Largest = 32767;

    /// <summary>
    /// Rounds one row's query [headSize] into a tile: pairs [feature / 2, 6] and scales [block, 6].
    /// </summary>
    public static void TakeQuery(float* query, int headSize, int row, int* pairs, float* scales)
    {
        for (int block = 0; block < headSize / Block; block++)
        {
            float* x = query + block * Block;
            float largest = 0;
            for (int i = 0; i < Block; i++) largest = MathF.Max(largest, MathF.Abs(x[i]));
            float scale = Scale(largest, out float inverse);
            scales[block * Rows + row] = scale;
            for (int i = 0; i < Block; i += 2)
                pairs[(block * Block + i) / 2 * Rows + row] = ((int)MathF.Round(x[i] * inverse) & 0xffff) | ((int)MathF.Round(x[i + 1] * inverse) << 16);
        }
    }

    /// <summary>
    /// scores[row, position] = Σ q·k, block after block. Keys are pairs [position / 16, feature / 2, 16] with scales [position / 16, block, 16]. Memory from <paramref name="ahead"/>
    /// on is asked for, <paramref name="aheadStep"/> bytes for each two features. With a <paramref name="stored"/> type keys are as pages store them, scales among them (<see cref="AttentionTile.ReadsStored{T}"/>).
    /// </summary>
    public static void Scores<T>(int* q, float* qScales, float* keys, float* keyScales, int headSize, int rows, float* scores, byte* ahead, int aheadStep, TensorType? stored = null) where T : struct, ILanes<T>
    {
        int blocks = headSize / Block;
        new Span<float>(scores, rows * Page).Clear();
        if (TileEntries.Has<T>())
        {
            TileKind kind = stored switch { TensorType.Q8_0 => TileKind.ByteScores, TensorType.Q4_0 => TileKind.NibbleScores, _ => TileKind.PairScores };
            TileEntries.Run<T>(kind, rows, new TileCall
            {
                Lanes = keys,
                LaneBytes = stored is null ? 64 : 32,
                Numbers = q,
                Steps = kind == TileKind.NibbleScores ? Block / 4 : Block / 2,
                Groups = Page / 16,
                Blocks = blocks,
                Sums = scores,
                SumBytes = Page * sizeof(float),
                RowScales = qScales,
                LaneScales = keyScales,
                Ahead = ahead,
                AheadBytes = aheadStep,
            });
            return;
        }
        for (int group = 0; group < Page / 16; group++)
        {
            for (int block = 0; block < blocks; block++)
            {
                int at = group * blocks + block;
                float* k = keys + at * (Block / 2) * 16;
                byte* next = ahead + at * (Block / 2) * aheadStep;
                if (rows <= 4) ScoreBlock<T, FourRows>(q + block * (Block / 2) * Rows, qScales + block * Rows, k, keyScales + at * 16, scores + group * 16, next, aheadStep);
                else ScoreBlock<T, SixRows>(q + block * (Block / 2) * Rows, qScales + block * Rows, k, keyScales + at * 16, scores + group * 16, next, aheadStep);
            }
        }
    }

    /// <summary>
    /// output[row, feature] = output · shrink[row] + Σ weight · value, block after block. Values are pairs [feature / 16, position / 2, 16] with scales [block, position]; weights [row, 64].
    /// <paramref name="rounded"/> is room for 6 × 64 16-bit integers and 6 scales. With a <paramref name="stored"/> type values are rows as pages store them.
    /// </summary>
    public static void Gather<T>(float* weights, float* values, float* valueScales, int headSize, int rows, float* shrink, float* output, short* rounded, TensorType? stored = null) where T : struct, ILanes<T>
    {
        float* scales = (float*)(rounded + Rows * Page);
        for (int block = 0; block < headSize / Block; block++)
        {
            for (int row = 0; row < rows; row++) scales[row] = Round<T>(weights + row * Page, valueScales + block * Page, rounded + row * Page);
            if (TileEntries.Has<T>())
            {
                var call = new TileCall
                {
                    Lanes = values + block * Page * 16,
                    LaneBytes = 64,
                    Numbers = rounded,
                    Steps = Page / 2,
                    Groups = Block / 16,
                    Sums = output + block * Block,
                    SumBytes = headSize * sizeof(float),
                    Shrink = shrink,
                    RowScales = scales,
                };
                if (stored is null) TileEntries.Run<T>(TileKind.PairValues, rows, call);
                else GatherStored<T>(stored.Value, rows, call, (byte*)values, block, headSize);
                continue;
            }
            for (int group = 2 * block; group < 2 * block + 2; group++)
            {
                float* v = values + group * (Page / 2) * 16, o = output + group * 16;
                if (rows <= 4) GatherGroup<T, FourRows>((float*)rounded, scales, v, headSize, shrink, o);
                else GatherGroup<T, SixRows>((float*)rounded, scales, v, headSize, shrink, o);
            }
        }
    }

    /// <summary>The products of <see cref="Gather{T}"/> with one block of rows as they are stored.</summary>
    private static void GatherStored<T>(TensorType type, int rows, TileCall call, byte* values, int block, int headSize) where T : struct, ILanes<T>
    {
        int blockBytes = BlockFormat.Of(type).BlockBytes;
        call.Lanes = values + block * blockBytes + sizeof(ushort);
        call.LaneBytes = 2 * headSize / Block * blockBytes;
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

    /// <summary>Rounds weight · scale of 64 positions to 16-bit integers and returns what one of them stands for.</summary>
    private static float Round<T>(float* weights, float* valueScales, short* rounded) where T : struct, ILanes<T>
    {
        T w0 = T.Load(weights) * T.Load(valueScales), w1 = T.Load(weights + 16) * T.Load(valueScales + 16);
        T w2 = T.Load(weights + 32) * T.Load(valueScales + 32), w3 = T.Load(weights + 48) * T.Load(valueScales + 48);
        // Scales may be negative.
        float scale = Scale(T.Largest(T.Max(T.Max(T.Abs(w0), T.Abs(w1)), T.Max(T.Abs(w2), T.Abs(w3)))), out float inverse);
        T factor = T.Broadcast(inverse);
        T.StoreRounded(w0 * factor, rounded);
        T.StoreRounded(w1 * factor, rounded + 16);
        T.StoreRounded(w2 * factor, rounded + 32);
        T.StoreRounded(w3 * factor, rounded + 48);
        return scale;
    }

    /// <summary>What one step of 16-bit integers stands for where the largest number is <paramref name="largest"/>; numbers too small for an inverse count as zero.</summary>
    private static float Scale(float largest, out float inverse)
    {
        bool isZero = largest < 1e-30f;
        inverse = isZero ? 0 : Largest / largest;
        return isZero ? 0 : largest / Largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreBlock<T, TRows>(int* q, float* qScales, float* keys, float* keyScales, float* s, byte* ahead, int aheadStep) where T : struct, ILanes<T> where TRows : struct, IRowCount
    {
        T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        var query = (float*)q;
        for (int pair = 0; pair < Block / 2; pair++)
        {
            if (Sse.IsSupported) Sse.Prefetch1(ahead);
            ahead += aheadStep;
            T u = T.Load(keys);
            a0 = T.AddPairs(a0, u, T.Broadcast(query[0]));
            a1 = T.AddPairs(a1, u, T.Broadcast(query[1]));
            a2 = T.AddPairs(a2, u, T.Broadcast(query[2]));
            a3 = T.AddPairs(a3, u, T.Broadcast(query[3]));
            if (TRows.Count > 4)
            {
                a4 = T.AddPairs(a4, u, T.Broadcast(query[4]));
                a5 = T.AddPairs(a5, u, T.Broadcast(query[5]));
            }
            keys += 16;
            query += Rows;
        }
        T scale = T.Load(keyScales);
        Add(a0, 0);
        Add(a1, 1);
        Add(a2, 2);
        Add(a3, 3);
        if (TRows.Count <= 4) return;
        Add(a4, 4);
        Add(a5, 5);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Add(T sum, int row) => T.Fma(T.FromInteger(sum), scale * T.Broadcast(qScales[row]), T.Load(s + row * Page)).Store(s + row * Page);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherGroup<T, TRows>(float* p, float* scales, float* v, int headSize, float* shrink, float* o) where T : struct, ILanes<T> where TRows : struct, IRowCount
    {
        const int Pairs = Page / 2;
        T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        for (int pair = 0; pair < Pairs; pair++)
        {
            T u = T.Load(v);
            a0 = T.AddPairs(a0, u, T.Broadcast(p[0]));
            a1 = T.AddPairs(a1, u, T.Broadcast(p[Pairs]));
            a2 = T.AddPairs(a2, u, T.Broadcast(p[2 * Pairs]));
            a3 = T.AddPairs(a3, u, T.Broadcast(p[3 * Pairs]));
            if (TRows.Count > 4)
            {
                a4 = T.AddPairs(a4, u, T.Broadcast(p[4 * Pairs]));
                a5 = T.AddPairs(a5, u, T.Broadcast(p[5 * Pairs]));
            }
            v += 16;
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
