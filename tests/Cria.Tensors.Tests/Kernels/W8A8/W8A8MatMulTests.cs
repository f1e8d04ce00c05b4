using Cria.Tensors.Backends;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Kernels.W8A8;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Tests.Kernels.W8A8;

public sealed unsafe class W8A8MatMulTests
{
    public static TheoryData<string> Levels => [.. Cpu.Available.Select(level => level.ToString())];

    [Theory]
    [MemberData(nameof(Levels))]
    public void Sums_are_those_of_the_specification(string level)
    {
        W8A8Kernel kernel = KernelTable.W8A8(Enum.Parse<CpuLevel>(level));
        var random = new Random(5);
        for (int round = 0; round < 40; round++)
        {
            int rows = random.Next(1, 65), columns = 32 * random.Next(1, 50), tokens = round % 30 + 1;
            byte[] weights = new byte[rows * columns], numbers = new byte[tokens * columns];
            random.NextBytes(weights);
            random.NextBytes(numbers);
            // The largest products there can be, all of one sign, are where 16-bit sums would overflow.
            if (round % 3 == 0) Array.Fill(weights, (byte)(sbyte.MinValue + round % 2 * 255));
            if (round % 3 == 0) Array.Fill(numbers, unchecked((byte)(round % 4 < 2 ? 127 : -127)));
            for (int i = 0; i < numbers.Length; i++)
                if (numbers[i] == 128) numbers[i] = 129;
            int[] expected = Sums(new ScalarW8A8Kernel(), weights, numbers, rows, columns, tokens), found = Sums(kernel, weights, numbers, rows, columns, tokens);
            Assert.True(expected.AsSpan().SequenceEqual(found), $"{rows} rows, {columns} columns, {tokens} tokens");
        }
    }

    [Fact]
    public void The_specification_is_the_sum_of_products()
    {
        byte[] weights = new byte[32], numbers = new byte[32];
        for (int i = 0; i < 32; i++) (weights[i], numbers[i]) = (unchecked((byte)(sbyte)(i - 16)), unchecked((byte)(sbyte)(3 * i - 40)));
        Assert.Equal(Enumerable.Range(0, 32).Sum(i => (i - 16) * (3 * i - 40)), Sums(new ScalarW8A8Kernel(), weights, numbers, 1, 32, 1)[0]);
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Every_level_computes_the_same_bits_alone_and_in_a_batch(string level)
    {
        const int rows = 83, columns = 672, tokens = 29;
        var random = new Random(6);
        float[] x = [.. Enumerable.Range(0, tokens * columns).Select(_ => (float)(random.NextDouble() - 0.5) * random.Next(1, 9))];
        x.AsSpan(2 * columns, columns).Clear();
        byte[] weights = new byte[rows * columns];
        random.NextBytes(weights);
        float[] scales = [.. Enumerable.Range(0, rows).Select(_ => (float)random.NextDouble() * 0.01f)];
        float[] expected = Expected();
        Assert.Equal(expected, Product(Enum.Parse<CpuLevel>(level), 0, tokens));
        for (int token = 0; token < tokens; token++) Assert.Equal(expected[(token * rows)..((token + 1) * rows)], Product(Enum.Parse<CpuLevel>(level), token, 1));
        Assert.Equal(expected[(3 * rows)..(8 * rows)], Product(Enum.Parse<CpuLevel>(level), 3, 5));

        // The definition: numbers are x · (127 / max|x|) to nearest even, the sum is exact, and each product of scales is rounded once.
        float[] Expected()
        {
            var y = new float[tokens * rows];
            for (int token = 0; token < tokens; token++)
            {
                float largest = x.AsSpan(token * columns, columns).ToArray().Max(MathF.Abs), factor = largest > 0 ? 127f / largest : 0;
                for (int row = 0; row < rows; row++)
                {
                    int sum = 0;
                    for (int i = 0; i < columns; i++) sum += (sbyte)weights[row * columns + i] * (int)MathF.Round(x[token * columns + i] * factor);
                    y[token * rows + row] = sum * (scales[row] * (largest / 127f));
                }
            }
            return y;
        }

        float[] Product(CpuLevel on, int first, int count)
        {
            using var backend = CpuBackend.Create(2, on);
            fixed (byte* data = weights)
            fixed (float* rowScales = scales)
            fixed (float* input = x)
            {
                Weight weight = backend.Upload("w", new TensorView(TensorType.I8, rows, columns, data, weights.Length, rowScales));
                backend.BeginStep();
                Tensor y = backend.MatMul(new Tensor(input + first * columns, count, columns), weight);
                return [.. Enumerable.Range(0, count).SelectMany(token => backend.Read(y, token).ToArray())];
            }
        }
    }

    [Fact]
    public void Rows_too_long_for_exact_sums_are_refused()
    {
        const int columns = W8A8Kernel.MaxColumns + 32;
        using var backend = CpuBackend.Create(1);
        using var memory = new NativeBuffer(columns);
        using var scales = new NativeBuffer(sizeof(float));
        Assert.Contains("at most", Assert.Throws<CriaException>(() => backend.Upload("w", new TensorView(TensorType.I8, 1, columns, memory.Data, columns, (float*)scales.Data))).Message, StringComparison.Ordinal);
    }

    private static int[] Sums(W8A8Kernel kernel, byte[] weights, byte[] numbers, int rows, int columns, int tokens)
    {
        int padded = W8A8Activations.PaddedColumns(columns), tile = kernel.TileTokens;
        using var values = new NativeBuffer((long)tokens * padded * sizeof(short));
        using var scratch = new NativeBuffer(W8A8Kernel.ScratchBytes);
        using var sums = new NativeBuffer((long)tokens * MatMulKernel.TileRows * sizeof(int));
        using var tiles = new NativeBuffer((tokens + 64L) * columns * 4 / kernel.TileColumns);
        using var totals = new NativeBuffer(tokens * sizeof(int));
        var x = new W8A8Activations { Tokens = tokens, Columns = columns, Values = (short*)values.Data, TileTokens = tile, TileColumns = kernel.TileColumns, TileStretch = kernel.TileStretch, Tiles = (sbyte*)tiles.Data, Sums = (int*)totals.Data };
        for (int token = 0; token < tokens; token++)
        {
            for (int i = 0; i < columns; i++)
            {
                var number = (sbyte)numbers[token * columns + i];
                x.At(token, i - i % W8A8Activations.StretchColumns)[i % W8A8Activations.StretchColumns] = number;
                x.Sums[token] += number;
                if (tile == 0) continue;
                int together = kernel.TileColumns;
                int* place = x.InTile(token / tile, i - i % together) + token % tile;
                if (together == 4) ((sbyte*)place)[i % together] = number;
                else ((short*)place)[i % together] = number;
            }
        }
        float scale = 1;
        float[] scales = [.. Enumerable.Repeat(scale, rows)];
        fixed (byte* data = weights)
        fixed (float* rowScales = scales)
        {
            using var weight = new CpuWeight("w", new TensorView(TensorType.I8, rows, columns, data, weights.Length, rowScales), new W8A8MatMul(kernel));
            kernel.Run(weight, 0, weight.Panels, x, (int*)sums.Data, scratch.Data);
        }
        // Rows beyond the last are zeros, which every kernel computes too.
        return new ReadOnlySpan<int>((int*)sums.Data, tokens * MatMulKernel.TileRows).ToArray();
    }
}
