using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Attention;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Tests.Kernels.Attention;

/// <summary>A tile's products: the formula, and the same bits in every width and for any number of rows.</summary>
public unsafe class TileTests
{
    private const int Page = 64, Rows = AttentionTile.Rows;

    public static TheoryData<int, int> Shapes()
    {
        var data = new TheoryData<int, int>();
        foreach (int size in new[] { 16, 32, 64, 80, 96, 128 })
        {
            foreach (int rows in new[] { 1, 3, 4, 5, 6 }) data.Add(size, rows);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Halves_read_as_they_are_stored_give_the_bits_of_floats(int size, int rows)
    {
        Assert.SkipUnless(AttentionTile.ReadsStored<Lanes256>(), "this processor has no assembled AVX2 tiles with conversions of halves");
        CompareHalves<Lanes256>(size, rows);
        if (AttentionTile.ReadsStored<Lanes512>()) CompareHalves<Lanes512>(size, rows);
    }

    /// <summary>All that is multiplied is of bytes below 60, so that it is a finite number whatever it is taken for.</summary>
    [Theory]
    [InlineData(TileKind.Scores, 64, 64, 4)]
    [InlineData(TileKind.Values, 256, 64, 4)]
    [InlineData(TileKind.PairScores, 64, 16, 4)]
    [InlineData(TileKind.PairValues, 64, 32, 2)]
    [InlineData(TileKind.Products, 64, 17, 1)]
    [InlineData(TileKind.HalfScores, 32, 64, 4)]
    [InlineData(TileKind.HalfValues, 128, 64, 4)]
    [InlineData(TileKind.ByteScores, 32, 16, 4)]
    [InlineData(TileKind.ByteValues, 136, 32, 2)]
    [InlineData(TileKind.NibbleScores, 32, 8, 4)]
    [InlineData(TileKind.LowNibbleValues, 72, 32, 1)]
    [InlineData(TileKind.HighNibbleValues, 72, 32, 1)]
    [InlineData(TileKind.QuadScores, 64, 8, 4)]
    [InlineData(TileKind.QuadValues, 64, 16, 2)]
    internal void Every_form_of_instructions_gives_the_same_bits(TileKind kind, int laneBytes, int steps, int groups)
    {
        Assert.SkipUnless(TileEntries.Has(TileForm.Avx512), "this processor has one form at most");
        for (int rows = 1; rows <= Rows; rows++)
        {
            float[] expected = Run(TileForm.Avx2);
            Assert.Contains(expected, value => value != 0 && float.IsFinite(value));
            Assert.Equal(expected, Run(TileForm.Avx512));
            if (TileEntries.Has(TileForm.Vnni)) Assert.Equal(expected, Run(TileForm.Vnni));

            float[] Run(TileForm form)
            {
                var random = new Random(rows);
                byte[] lanes = Bytes(64 << 10), numbers = Bytes(16 << 10), factors = Bytes(256), result = Bytes(Rows * Page * sizeof(float));
                if (kind is TileKind.QuadScores or TileKind.QuadValues && form != TileForm.Vnni) numbers = InPairs(numbers[..960], kind == TileKind.QuadScores ? Rows : 1);
                fixed (byte* l = lanes, n = numbers, f = factors, y = result)
                {
                    TileEntries.Run(form, kind, rows, new TileCall { Lanes = l, LaneBytes = laneBytes, Numbers = n, Steps = steps, Groups = groups, Blocks = 2, Sums = (float*)y, SumBytes = Page * sizeof(float), Shrink = (float*)f, RowScales = (float*)f, Ahead = l, AheadBytes = 64 });
                }
                return MemoryMarshal.Cast<byte, float>(result).ToArray();

                byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(60))];
            }
        }
    }

    /// <summary>What is multiplied in pairs where others multiply four bytes at once: the first and the third byte, then the second and the fourth; numbers of rows stand side by side.</summary>
    private static byte[] InPairs(byte[] quads, int rows)
    {
        short[] pairs = new short[quads.Length];
        for (int i = 0; i < quads.Length; i++)
        {
            int word = i / 4, odd = i % 2, second = i % 4 / 2;
            pairs[((word / rows * 2 + odd) * rows + word % rows) * 2 + second] = quads[i];
        }
        return MemoryMarshal.AsBytes<short>(pairs).ToArray();
    }

    private static void CompareHalves<T>(int size, int rows) where T : struct, ILanes<T>
    {
        // Small ones are subnormal as halves.
        Half[] stored = [.. Random(size * Page, 2).Select((value, i) => (Half)(i % 7 == 0 ? value * 1e-6f : value))];
        float[] queries = Random(size * Rows, 1), weights = Random(Rows * Page, 3), shrink = Random(Rows, 5), before = Random(Rows * size, 6), floats = [.. stored.Select(value => (float)value)];
        float[] scores = new float[Rows * Page], halfScores = new float[Rows * Page], output = [.. before], halfOutput = [.. before];
        fixed (float* q = queries, f = floats, s = scores, hs = halfScores, w = weights, sh = shrink, o = output, ho = halfOutput)
        fixed (Half* h = stored)
        {
            AttentionTile.Scores<T>(q, f, size, rows, s, (byte*)f, 0);
            AttentionTile.Scores<T>(q, (float*)h, size, rows, hs, (byte*)f, 0, halves: true);
            AttentionTile.Gather<T>(w, f, size, rows, sh, o, (byte*)f, 0);
            AttentionTile.Gather<T>(w, (float*)h, size, rows, sh, ho, (byte*)h, 0, halves: true);
        }
        Assert.Equal(scores, halfScores);
        Assert.Equal(output, halfOutput);
        Assert.Contains(scores, value => value != 0);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Scores_and_weighted_values_match_the_formula_with_the_same_bits_in_every_width(int size, int rows)
    {
        float[] queries = Random(size * Rows, 1), keys = Random(size * Page, 2), weights = Random(Rows * Page, 3), values = Random(size * Page, 4), shrink = Random(Rows, 5), before = Random(Rows * size, 6);
        float[] scores = Scores<Lanes128>(), output = Gather<Lanes128>();
        Assert.Equal(scores, Scores<Lanes256>());
        Assert.Equal(scores, Scores<Lanes512>());
        Assert.Equal(output, Gather<Lanes256>());
        Assert.Equal(output, Gather<Lanes512>());
        for (int row = 0; row < rows; row++)
        {
            for (int position = 0; position < Page; position++)
            {
                double sum = 0;
                for (int d = 0; d < size; d++) sum += (double)queries[d * Rows + row] * keys[(position / 16 * size + d) * 16 + position % 16];
                Assert.Equal(sum, scores[row * Page + position], 1e-5);
            }
            for (int d = 0; d < size; d++)
            {
                double sum = (double)before[row * size + d] * shrink[row];
                for (int position = 0; position < Page; position++) sum += (double)weights[row * Page + position] * values[position * size + d];
                Assert.Equal(sum, output[row * size + d], 1e-5);
            }
        }

        float[] Scores<T>() where T : struct, ILanes<T>
        {
            float[] result = new float[Rows * Page];
            fixed (float* q = queries, k = keys, s = result) AttentionTile.Scores<T>(q, k, size, rows, s, (byte*)k, 0);
            return result[..(rows * Page)];
        }

        float[] Gather<T>() where T : struct, ILanes<T>
        {
            float[] result = [.. before];
            fixed (float* w = weights, v = values, s = shrink, o = result) AttentionTile.Gather<T>(w, v, size, rows, s, o, (byte*)v, 0);
            return result[..(rows * size)];
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    public void Weights_match_the_formula_with_the_same_bits_in_every_width(int rows)
    {
        float[] scores = [.. Random(Rows * Page, 1).Select(score => 40 * score)], maximums = [float.NegativeInfinity, -20, 20, 0, 1000, float.NegativeInfinity], sums = Random(Rows * 16, 2);
        // Masked from the second position on, the last one only, and none.
        scores.AsSpan(1, Page - 1).Fill(float.NegativeInfinity);
        scores[2 * Page - 1] = float.NegativeInfinity;
        (float[] weights, float[] newMaximums, float[] newSums, float[] shrink) = Weigh<Lanes128>();
        foreach ((float[], float[], float[], float[]) other in new[] { Weigh<Lanes256>(), Weigh<Lanes512>() })
        {
            Assert.Equal(weights, other.Item1);
            Assert.Equal(newMaximums, other.Item2);
            Assert.Equal(newSums, other.Item3);
            Assert.Equal(shrink, other.Item4);
        }
        for (int row = 0; row < rows; row++)
        {
            float[] before = scores[(row * Page)..((row + 1) * Page)];
            float largest = MathF.Max(maximums[row], before.Max());
            Assert.Equal(largest, newMaximums[row]);
            Assert.Equal(Math.Pow(2, maximums[row] - largest), shrink[row], 1e-6);
            for (int i = 0; i < Page; i++)
            {
                Assert.Equal(Math.Pow(2, before[i] - largest), weights[row * Page + i], 1e-6);
                if (float.IsNegativeInfinity(before[i])) Assert.Equal(0, weights[row * Page + i]);
            }
            double sum = 0, all = 0;
            for (int i = 0; i < 16; i++)
            {
                sum += newSums[row * 16 + i];
                all += (double)sums[row * 16 + i] * shrink[row];
            }
            for (int i = 0; i < Page; i++) all += weights[row * Page + i];
            Assert.Equal(all, sum, 1e-4);
        }

        (float[] Weights, float[] Maximums, float[] Sums, float[] Shrink) Weigh<T>() where T : struct, ILanes<T>
        {
            float[] w = [.. scores], m = [.. maximums], s = [.. sums], f = new float[Rows];
            fixed (float* pw = w, pm = m, ps = s, pf = f) AttentionTile.Weigh<T>(pw, rows, pm, ps, pf);
            return (w, m, s, f);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_of_integers_match_the_formula_with_the_same_bits_in_every_width(int size, int rows)
    {
        if (size % 32 == 0) Compare(IntegerForm.OfBlocks, size, rows);
        Compare(IntegerForm.Of(TensorType.I16, size), size, rows);
        Compare(IntegerForm.Of(TensorType.I8, size), size, rows);
    }

    /// <summary>A key, a query, a value and a weight that are all as large as they may be: the sums of products just fit.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void The_largest_integers_there_are_do_not_overflow(int sign)
    {
        foreach (int size in new[] { 16, 32, 64, 128 })
        {
            foreach (IntegerForm form in new[] { IntegerForm.Of(TensorType.I16, size), IntegerForm.Of(TensorType.I8, size) })
            {
                Assert.InRange(Math.Max(form.Block * (long)form.LargestQuery, Page * (long)form.LargestWeight) * form.Largest, 1, int.MaxValue);
                short[] integers = [.. Enumerable.Repeat((short)(sign * form.Largest), size * Page)];
                float[] ones = [.. Enumerable.Repeat(1f, Rows * Math.Max(size, Page))], scales = [.. Enumerable.Repeat(1f / form.Largest, Page * size / form.Block)];
                Assert.All(Scores<Lanes512>(form, ones, integers, scales, size, Rows), score => Assert.Equal(sign * size, score, size * 1e-5f));
                Assert.All(Scores<Lanes256>(form, ones, integers, scales, size, Rows), score => Assert.Equal(sign * size, score, size * 1e-5f));
                Assert.All(Gather<Lanes512>(form, ones, integers, scales, size, Rows, new float[Rows], new float[Rows * size]), sum => Assert.Equal(sign * Page, sum, Page * 1e-5f));
                Assert.All(Gather<Lanes256>(form, ones, integers, scales, size, Rows, new float[Rows], new float[Rows * size]), sum => Assert.Equal(sign * Page, sum, Page * 1e-5f));
            }
        }
    }

    private static void Compare(IntegerForm form, int size, int rows)
    {
        int blocks = size / form.Block, perWord = form.PerWord;
        var random = new Random(size + rows);
        float[] queries = Random(Rows * size, 1), weights = Random(Rows * Page, 2), shrink = Random(Rows, 3), before = Random(Rows * size, 4);
        // One row of zeros, one of numbers too small for an inverse.
        queries.AsSpan(0, size).Clear();
        weights.AsSpan(0, Page).Fill(1e-38f);
        short[] keys = Integers(), values = Integers();
        float[] keyScales = Random(Page * blocks, 5), valueScales = Random(Page * blocks, 6);
        // Weights of bytes have no sign, and neither have the scales that are multiplied with them.
        if (form.IsBytes) (weights, valueScales) = ([.. weights.Select(MathF.Abs)], [.. valueScales.Select(MathF.Abs)]);
        float[] scores = Scores<Lanes128>(form, queries, keys, keyScales, size, rows), output = Gather<Lanes128>(form, weights, values, valueScales, size, rows, shrink, before);
        Assert.Equal(scores, Scores<Lanes256>(form, queries, keys, keyScales, size, rows));
        Assert.Equal(scores, Scores<Lanes512>(form, queries, keys, keyScales, size, rows));
        Assert.Equal(output, Gather<Lanes256>(form, weights, values, valueScales, size, rows, shrink, before));
        Assert.Equal(output, Gather<Lanes512>(form, weights, values, valueScales, size, rows, shrink, before));
        for (int row = 0; row < rows; row++)
        {
            for (int position = 0; position < Page; position++)
            {
                double sum = 0, largest = 0;
                for (int d = 0; d < size; d++)
                {
                    int group = position / 16, lane = position % 16;
                    double key = keys[((group * size + d) / perWord * 16 + lane) * perWord + d % perWord] * (double)keyScales[(group * blocks + d / form.Block) * 16 + lane];
                    sum += queries[row * size + d] * key;
                    largest += Math.Abs(key);
                }
                Assert.Equal(sum, scores[row * Page + position], largest / form.LargestQuery + 1e-12);
            }
            for (int d = 0; d < size; d++)
            {
                double sum = (double)before[row * size + d] * shrink[row];
                for (int position = 0; position < Page; position++)
                {
                    double value = values[((d / 16 * (Page / perWord) + position / perWord) * 16 + d % 16) * perWord + position % perWord] * (double)valueScales[d / form.Block * Page + position];
                    sum += weights[row * Page + position] * value;
                }
                Assert.Equal(sum, output[row * size + d], (double)Page * form.Largest / form.LargestWeight + 1e-5);
            }
        }

        short[] Integers() => [.. Enumerable.Range(0, size * Page).Select(_ => (short)random.Next(-form.Largest, form.Largest + 1))];
    }

    private static float[] Scores<T>(IntegerForm form, float[] queries, short[] keys, float[] keyScales, int size, int rows) where T : struct, ILanes<T>
    {
        int blocks = size / form.Block;
        float[] result = new float[Rows * Page], scales = new float[2 * Rows * blocks], lanes = new float[Page * (size / form.PerWord + blocks)];
        int[] pairs = new int[Rows * size / 2];
        // Each block's scales stand before its integers; bytes have 128 added.
        for (int block = 0; block < Page / 16 * blocks; block++)
        {
            Span<float> target = lanes.AsSpan(block * (form.Block / form.PerWord + 1) * 16);
            keyScales.AsSpan(block * 16, 16).CopyTo(target);
            Integers(form, keys.AsSpan(block * form.Block * 16, form.Block * 16), 128).CopyTo(target[16..]);
        }
        fixed (int* p = pairs)
        fixed (float* q = queries, qs = scales, k = lanes, s = result)
        {
            for (int row = 0; row < rows; row++) IntegerTile.TakeQuery<T>(form, q + row * size, size, row, p, qs);
            IntegerTile.Scores<T>(form, p, qs, k, size, rows, s);
        }
        return result[..(rows * Page)];
    }

    private static float[] Gather<T>(IntegerForm form, float[] weights, short[] values, float[] valueScales, int size, int rows, float[] shrink, float[] before) where T : struct, ILanes<T>
    {
        float[] result = [.. before];
        short[] rounded = new short[Rows * (Page + 2)];
        fixed (short* r = rounded)
        fixed (float* v = Integers(form, values, 0), w = weights, vs = valueScales, f = shrink, o = result) IntegerTile.Gather<T>(form, w, v, vs, size, rows, f, o, r);
        return result[..(rows * size)];
    }

    private static ReadOnlySpan<float> Integers(IntegerForm form, ReadOnlySpan<short> integers, int added) =>
        MemoryMarshal.Cast<byte, float>(form.IsBytes ? (byte[])[.. integers.ToArray().Select(x => (byte)(x + added))] : MemoryMarshal.AsBytes(integers));

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
