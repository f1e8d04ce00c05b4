using Cria.Tensors.Backends;
using Cria.Tensors.Kernels;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Tests.Backends;

/// <summary>Attention over the paged cache, past its fixed stretches of 1024 positions.</summary>
public class CachedAttentionTests
{
    private const int Tokens = 2100, KeyValueHeads = 2, Group = 3, HeadSize = 32;

    public static TheoryData<string, string, double> Types => new()
    {
        { "F32", "F32", 1e-5 },
        { "F16", "F16", 1e-3 },
        { "I16", "I16", 1e-3 },
        { "I16", "Q8_0", 1e-2 },
        { "F16", "I16", 1e-3 },
        { "I8", "I8", 2e-2 },
        { "I8", "I16", 1e-2 },
        { "F16", "I8", 2e-2 },
        { "Q8_0", "Q8_0", 1e-2 },
        { "Q4_0", "Q4_0", 0.12 },
        { "Q8_0", "Q4_0", 0.12 },
        { "F16", "Q8_0", 1e-2 },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Matches_softmax_in_double(string keys, string values, double tolerance)
    {
        Data data = new();
        float[] output = Run(data, new KvTypes(Enum.Parse<TensorType>(keys), Enum.Parse<TensorType>(values)), Cpu.Highest, 2, [Tokens]);
        double squares = 0, reference = 0;
        foreach (int token in new[] { 0, 1, 63, 64, 1000, 1023, 1024, 1500, 2047, 2048, 2099 })
        {
            for (int head = 0; head < KeyValueHeads * Group; head++)
            {
                double[] expected = data.Attend(token, head);
                for (int d = 0; d < HeadSize; d++)
                {
                    squares += Math.Pow(expected[d] - output[(token * KeyValueHeads * Group + head) * HeadSize + d], 2);
                    reference += expected[d] * expected[d];
                }
            }
        }
        Assert.True(Math.Sqrt(squares / reference) < tolerance, $"{Math.Sqrt(squares / reference):E2}");
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("I16")]
    [InlineData("I8")]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    public void Gives_the_same_bits_on_every_level_for_any_threads_and_chunks(string type)
    {
        Data data = new();
        TensorType kept = Enum.Parse<TensorType>(type);
        float[] expected = Run(data, kept, CpuLevel.Portable, 1, [Tokens]);
        foreach (CpuLevel level in Cpu.Available) Assert.Equal(expected, Run(data, kept, level, 2, [Tokens]));
        // Nine workers have too few blocks and share the stretches of each; a chunk of one token is a step of an answer.
        Assert.Equal(expected, Run(data, kept, Cpu.Highest, 9, [1000, 1, 1, 22, 1, 1000, 23, 1, 1, 50]));
        Assert.Equal(expected, Run(data, kept, Cpu.Highest, 1, [1020, 1, 1, 1, 1, 1, 1000, 23, 1, 1, 50]));
    }

    [Fact]
    public void The_rotation_makes_four_bits_hold_where_one_feature_is_large()
    {
        Data data = new();
        // As models have them: a feature of the keys that is always large, and so says little.
        for (int i = 3; i < data.Keys.Length; i += HeadSize) data.Keys[i] += 40;
        float[] exact = Run(data, TensorType.F32, Cpu.Highest, 2, [Tokens]), rotated = Run(data, new KvTypes(TensorType.Q4_0, TensorType.F32), Cpu.Highest, 2, [Tokens]);
        byte[] blocks = new byte[BlockFormat.Of(TensorType.Q4_0).RowBytes(data.Keys.Length)];
        BlockFormat.Of(TensorType.Q4_0).Encode(data.Keys, blocks);
        BlockFormat.Of(TensorType.Q4_0).Decode(blocks, data.Keys);
        float[] plain = Run(data, TensorType.F32, Cpu.Highest, 2, [Tokens]);
        double Error(float[] output) => Math.Sqrt(output.Zip(exact, (a, b) => Math.Pow(a - b, 2)).Sum() / exact.Sum(value => (double)value * value));
        Assert.True(Error(rotated) < Error(plain) / 2, $"{Error(rotated):E2} rotated, {Error(plain):E2} as they are");
    }

    private static unsafe float[] Run(Data data, KvTypes types, CpuLevel level, int threads, int[] chunks)
    {
        using CpuBackend backend = CpuBackend.Create(threads, level);
        using KvPool pool = backend.CreateKvPool(new KvLayout(1, KeyValueHeads, HeadSize, types), 100);
        int[] pages = new int[(Tokens + KvLayout.PageSize - 1) / KvLayout.PageSize];
        // Pages need not stand in order.
        for (int i = pages.Length - 1; i >= 0; i--) Assert.True(pool.TryAllocate(out pages[i]));
        float[] output = new float[Tokens * KeyValueHeads * Group * HeadSize];
        int position = 0;
        fixed (float* q = data.Queries, k = data.Keys, v = data.Values)
        {
            foreach (int count in chunks)
            {
                backend.BeginStep();
                Tensor result = backend.Attention(
                    new Tensor(q + (long)position * KeyValueHeads * Group * HeadSize, count, KeyValueHeads * Group * HeadSize),
                    new Tensor(k + (long)position * KeyValueHeads * HeadSize, count, KeyValueHeads * HeadSize),
                    new Tensor(v + (long)position * KeyValueHeads * HeadSize, count, KeyValueHeads * HeadSize),
                    pool, 0, [new AttentionSlice(0, count, position, pages)]);
                for (int i = 0; i < count; i++) backend.Read(result, i).CopyTo(output.AsSpan((position + i) * result.Columns));
                position += count;
            }
        }
        Assert.Equal(Tokens, position);
        return output;
    }

    private sealed class Data
    {
        public Data()
        {
            var random = new Random(11);
            Queries = [.. Enumerable.Range(0, Tokens * KeyValueHeads * Group * HeadSize).Select(_ => (random.NextSingle() - 0.5f) * 4)];
            Keys = [.. Enumerable.Range(0, Tokens * KeyValueHeads * HeadSize).Select(_ => (random.NextSingle() - 0.5f) * 4)];
            Values = [.. Enumerable.Range(0, Tokens * KeyValueHeads * HeadSize).Select(_ => random.NextSingle() - 0.2f)];
        }

        public float[] Queries { get; }

        public float[] Keys { get; }

        public float[] Values { get; }

        public double[] Attend(int token, int head)
        {
            var weights = new double[token + 1];
            ReadOnlySpan<float> query = Queries.AsSpan((token * KeyValueHeads * Group + head) * HeadSize, HeadSize);
            for (int i = 0; i <= token; i++)
            {
                double score = 0;
                for (int d = 0; d < HeadSize; d++) score += (double)query[d] * Keys[(i * KeyValueHeads + head / Group) * HeadSize + d];
                weights[i] = Math.Exp(score / Math.Sqrt(HeadSize));
            }
            double sum = weights.Sum();
            var output = new double[HeadSize];
            for (int i = 0; i <= token; i++)
            {
                for (int d = 0; d < HeadSize; d++) output[d] += weights[i] / sum * Values[(i * KeyValueHeads + head / Group) * HeadSize + d];
            }
            return output;
        }
    }
}
