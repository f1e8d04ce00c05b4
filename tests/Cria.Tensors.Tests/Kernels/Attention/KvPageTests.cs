using System.Runtime.InteropServices;
using Cria.Tensors.Backends;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Attention;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Tests.Kernels.Attention;

/// <summary>Pages against the scalar formats: what is read is what the format's own encoder and decoder make of the row, or the formula of I16 and I8, bit for bit.</summary>
public unsafe class KvPageTests
{
    public static TheoryData<string, int> EveryTypeAndHead()
    {
        var data = new TheoryData<string, int>();
        foreach (TensorType type in KvTypes.Known)
        {
            foreach (int size in new[] { 16, 32, 64, 96, 128 })
            {
                if (KvTypes.Fits(type, size)) data.Add(type.ToString(), size);
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(EveryTypeAndHead))]
    public void Pages_hold_what_the_scalar_format_makes_of_each_row(string name, int size)
    {
        TensorType type = Enum.Parse<TensorType>(name);
        Check<Lanes128>(type, size);
        Check<Lanes256>(type, size);
        Check<Lanes512>(type, size);
    }

    [Theory]
    [InlineData("Q8_0", 32)]
    [InlineData("Q8_0", 64)]
    [InlineData("Q8_0", 96)]
    [InlineData("Q8_0", 128)]
    [InlineData("Q4_0", 32)]
    [InlineData("Q4_0", 64)]
    [InlineData("Q4_0", 96)]
    [InlineData("Q4_0", 128)]
    public void Quantized_pages_read_as_they_are_stored_give_the_bits_of_pairs(string name, int size)
    {
        TensorType type = Enum.Parse<TensorType>(name);
        Assert.SkipUnless(AttentionTile.ReadsStored<Lanes256>(), "this processor has no assembled AVX2 tiles with conversions of halves");
        const int Page = KvLayout.PageSize, Rows = AttentionTile.Rows;
        int blocks = size / IntegerForm.OfBlocks.Block;
        var random = new Random(size);
        using var pool = new KvPool(new KvLayout(1, 2, size, type), 1);
        Assert.True(pool.TryAllocate(out int page));
        float[] Random(int count, float largest) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) * 2 * largest)];
        for (int offset = 0; offset < Page; offset++)
        {
            // Rows of many sizes, and one of zeros.
            fixed (float* key = Random(2 * size, offset == 5 ? 0 : offset + 1), value = Random(2 * size, offset == 5 ? 0 : MathF.Exp(offset % 9 - 4))) KvPage.Write<Lanes256>(pool, page, 0, offset, key, value);
        }
        for (int rows = 1; rows <= Rows; rows++)
        {
            float[] queries = Random(rows * size, 2), weights = Random(Rows * Page, 1), shrink = Random(Rows, 1), before = Random(Rows * size, 3);
            (float[] scores, float[] gathered) = Run(asStored: false);
            (float[] scoresAsStored, float[] gatheredAsStored) = Run(asStored: true);
            Assert.Equal(scores, scoresAsStored);
            Assert.Equal(gathered, gatheredAsStored);
            Assert.Contains(scores, score => score != 0);

            (float[] Scores, float[] Gathered) Run(bool asStored)
            {
                float[] scores = new float[Rows * Page], gathered = [.. before], pairs = new float[Page * (size / 2 + blocks)], scales = new float[blocks * Page], queryScales = new float[blocks * Rows];
                var query = new int[size / 2 * Rows];
                var rounded = new short[Rows * Page + 2 * Rows];
                fixed (int* q = query)
                fixed (short* r = rounded)
                fixed (float* x = queries, qs = queryScales, s = scores, g = gathered, p = pairs, f = scales, w = weights, sh = shrink)
                {
                    for (int row = 0; row < rows; row++) IntegerTile.TakeQuery<Lanes256>(IntegerForm.OfBlocks, x + row * size, size, row, q, qs);
                    if (!asStored) KvPage.ReadKeyPairs<Lanes256>(pool, page, 0, 1, p);
                    IntegerTile.Scores<Lanes256>(IntegerForm.OfBlocks, q, qs, asStored ? (float*)pool.Keys(page, 0, 1) : p, size, rows, s, asStored ? type : null);
                    if (asStored) KvPage.ReadValueScales<Lanes256>(pool, page, 0, 1, f);
                    else KvPage.ReadValuePairs<Lanes256>(pool, page, 0, 1, p, f);
                    IntegerTile.Gather<Lanes256>(IntegerForm.OfBlocks, w, asStored ? (float*)pool.Values(page, 0, 1) : p, f, size, rows, sh, g, r, asStored ? type : null);
                }
                return (scores, gathered);
            }
        }
    }

    [Fact]
    public void A_type_that_heads_cannot_be_kept_as_is_named()
    {
        Assert.Contains("heads have 16 features", Assert.Throws<CriaException>(() => new KvTypes(TensorType.F16, TensorType.Q8_0).Check(16)).Message, StringComparison.Ordinal);
        Assert.Contains("choose F32, I16, F16, I8, Q8_0 or Q4_0", Assert.Throws<CriaException>(() => new KvTypes(TensorType.Q6_K, TensorType.F16).Check(64)).Message, StringComparison.Ordinal);
    }

    private static void Check<T>(TensorType type, int size) where T : struct, ILanes<T>
    {
        const int Heads = 2, Layers = 2;
        var random = new Random(size);
        using var pool = new KvPool(new KvLayout(Layers, Heads, size, type), 2);
        Assert.True(pool.TryAllocate(out _));
        Assert.True(pool.TryAllocate(out int page));
        // Rows like a model's: one feature far larger than the others, here and there a row of zeros.
        float[][] keys = Rows(), values = Rows();
        for (int offset = 0; offset < KvLayout.PageSize; offset++)
        {
            fixed (float* key = keys[offset], value = values[offset]) KvPage.Write<T>(pool, page, 1, offset, key, value);
        }
        float[] read = new float[KvLayout.PageSize * size];
        for (int head = 0; head < Heads; head++)
        {
            fixed (float* target = read) ReadKeys(target, head);
            for (int offset = 0; offset < KvLayout.PageSize; offset++)
            {
                float[] expected = Stored(keys[offset].AsSpan(head * size, size));
                for (int d = 0; d < size; d++) Assert.Equal(expected[d], read[(offset / 16 * size + d) * 16 + offset % 16]);
            }
            fixed (float* target = read) ReadValues(target, head);
            for (int offset = 0; offset < KvLayout.PageSize; offset++)
                Assert.Equal(Stored(values[offset].AsSpan(head * size, size)), read.AsSpan(offset * size, size).ToArray());
        }

        void ReadKeys(float* target, int head)
        {
            if (!IntegerForm.IsFor(type))
            {
                KvPage.ReadKeys<T>(pool, page, 1, head, target);
                return;
            }
            (int block, int perWord) = (IntegerForm.Of(type, size).Block, IntegerForm.Of(type, size).PerWord);
            float[] pairs = new float[read.Length / perWord + read.Length / block];
            if (KvIntegers.IsFor(type)) new ReadOnlySpan<float>(pool.Keys(page, 1, head), pairs.Length).CopyTo(pairs);
            else fixed (float* p = pairs) KvPage.ReadKeyPairs<T>(pool, page, 1, head, p);
            for (int i = 0; i < read.Length; i++)
            {
                int group = i / 16 / size, d = i / 16 % size, lane = i % 16, row = (group * (size / block) + d / block) * (block / perWord + 1);
                int at = ((row + 1 + d % block / perWord) * 16 + lane) * perWord + d % perWord;
                target[i] = (perWord == 4 ? MemoryMarshal.AsBytes<float>(pairs)[at] - 128 : MemoryMarshal.Cast<float, short>(pairs)[at]) * pairs[row * 16 + lane];
            }
        }

        void ReadValues(float* target, int head)
        {
            if (!IntegerForm.IsFor(type))
            {
                KvPage.ReadValues<T>(pool, page, 1, head, target);
                return;
            }
            (int block, int perWord) = (IntegerForm.Of(type, size).Block, IntegerForm.Of(type, size).PerWord);
            float[] pairs = new float[read.Length / perWord], scales = new float[read.Length / block];
            if (KvIntegers.IsFor(type))
            {
                var stored = new ReadOnlySpan<float>(pool.Values(page, 1, head), pairs.Length + scales.Length);
                stored[..scales.Length].CopyTo(scales);
                stored[scales.Length..].CopyTo(pairs);
            }
            else fixed (float* p = pairs, s = scales) KvPage.ReadValuePairs<T>(pool, page, 1, head, p, s);
            for (int i = 0; i < read.Length; i++)
            {
                int position = i / size, d = i % size, at = ((d / 16 * (64 / perWord) + position / perWord) * 16 + d % 16) * perWord + position % perWord;
                target[i] = (perWord == 4 ? MemoryMarshal.Cast<float, sbyte>(pairs)[at] : MemoryMarshal.Cast<float, short>(pairs)[at]) * scales[d / block * 64 + position];
            }
        }

        float[][] Rows() => [.. Enumerable.Range(0, KvLayout.PageSize).Select(row => Enumerable.Range(0, Heads * size).Select(i => row == 5 ? 0 : (random.NextSingle() - 0.5f) * (i % size == 3 ? 100 : 1)).ToArray())];

        float[] Stored(ReadOnlySpan<float> row)
        {
            float[] rotated = row.ToArray();
            if (type is TensorType.I8 or TensorType.Q8_0 or TensorType.Q4_0)
            {
                fixed (float* data = rotated) Hadamard.Rotate<Lanes128>(data, size);
            }
            if (type is TensorType.I16 or TensorType.I8)
            {
                int block = size % 64 == 0 ? 64 : size % 32 == 0 ? 32 : 16, most = type == TensorType.I8 ? 127 : 8191;
                return [.. rotated.Chunk(block).SelectMany(x => Whole(x, x.Max(MathF.Abs), most))];
            }
            byte[] bytes = new byte[BlockFormat.Of(type).RowBytes(size)];
            BlockFormat.Of(type).Encode(rotated, bytes);
            BlockFormat.Of(type).Decode(bytes, rotated);
            return rotated;
        }

        static IEnumerable<float> Whole(float[] block, float largest, int most) => block.Select(x => largest == 0 ? 0 : MathF.Round(x * (most / largest)) * (largest / most));
    }
}
