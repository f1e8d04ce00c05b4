using Cria.Tensors.Backends;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Kernels.Unpack;
using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Tests.Kernels.MatMul;

public sealed unsafe class OneTokenTests
{
    public static TheoryData<TensorType, CpuLevel> Pairs
    {
        get
        {
            var pairs = new TheoryData<TensorType, CpuLevel>();
            foreach (TensorType type in UnpackTable.Types.Order().Concat([TensorType.F32, TensorType.F16, TensorType.BF16]))
                foreach (CpuLevel level in Cpu.Available) pairs.Add(type, level);
            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void One_token_gives_the_bits_it_gives_among_seven(TensorType type, CpuLevel level) => Check(type, level, move: false);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_moved_weight_gives_the_same_bits_for_one_token_and_for_seven(TensorType type, CpuLevel level) => Check(type, level, move: true);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_weight_that_comes_prepared_gives_the_same_bits_where_it_lies_and_moved(TensorType type, CpuLevel level)
    {
        Check(type, level, move: false, prepared: true);
        Check(type, level, move: true, prepared: true);
    }

    /// <summary>As many tokens as fill tiles, some of which are multiplied without panels, and the last tile partly.</summary>
    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_moved_weight_gives_the_same_bits_for_many_tokens(TensorType type, CpuLevel level)
    {
        foreach (int tokens in new[] { 8, 18, 39 }) Check(type, level, move: true, tokens: tokens);
    }

    /// <summary>With <c>move</c>, also of a weight that was moved, which lays its rows side by side where the kernel wants that.</summary>
    private static void Check(TensorType type, CpuLevel level, bool move, bool prepared = false, int tokens = 7)
    {
        const int rows = 16 * 5 + 3;
        var random = new Random(7 + (int)type);
        foreach (int columns in new[] { 256, 1280 })
        {
            var format = BlockFormat.Of(type);
            using var stored = new NativeBuffer(rows * format.RowBytes(columns));
            var values = new float[rows * columns];
            // Rows of every size, some with numbers too small for a normal half as scale, and one of zeros.
            for (int row = 0; row < rows; row++)
            {
                float size = row == 3 ? 0 : MathF.Pow(10, random.Next(-7, 3));
                for (int i = 0; i < columns; i++) values[row * columns + i] = (random.NextSingle() * 2 - 1) * size;
            }
            format.Encode(values, new Span<byte>(stored.Data, (int)stored.ByteCount));
            var x = new float[tokens * columns];
            for (int i = 0; i < x.Length; i++) x[i] = (random.NextSingle() * 2 - 1) * (i % columns < 64 ? 30 : 1);

            float[] together = Multiply(x, tokens, moved: false);
            if (move || prepared) Same(together, Multiply(x, tokens, move, prepared));
            for (int few = 2; few < Math.Min(7, tokens); few++) Same(together.AsSpan(0, few * rows), Multiply(x[..(few * columns)], few, move, prepared));
            for (int token = 0; token < Math.Min(7, tokens); token++)
            {
                Same(together.AsSpan(token * rows, rows), Multiply(x[(token * columns)..((token + 1) * columns)], 1, move, prepared));
            }

            void Same(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
            {
                Assert.Equal(expected.Length, actual.Length);
                for (int i = 0; i < expected.Length; i++)
                {
                    if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
                        Assert.Fail($"{type} {level}, {columns} columns, result {i} of {expected.Length}: {actual[i]:R}, not {expected[i]:R}");
                }
            }

            float[] Multiply(float[] input, int count, bool moved, bool sideBySide = false)
            {
                using CpuBackend backend = CpuBackend.Create(2, level);
                using var group = new NativeBuffer(stored.ByteCount);
                long rowBytes = format.RowBytes(columns);
                Buffer.MemoryCopy(stored.Data, group.Data, group.ByteCount, stored.ByteCount);
                for (int row = 0; row + 16 <= rows && sideBySide; row += 16) InterleavedRows.Interleave(format, stored.Data + row * rowBytes, rowBytes, columns / format.BlockSize, group.Data + row * rowBytes);
                var weight = (CpuWeight)backend.Upload("w", new TensorView(type, rows, columns, group.Data, stored.ByteCount) { IsInterleaved = sideBySide });
                using NativeBuffer? place = moved ? NativeBuffer.Unset(stored.ByteCount) : null;
                if (place is not null)
                {
                    weight.CopyPanels(0, 2, place.Data);
                    weight.CopyPanels(2, weight.Panels - 2, place.Data);
                    weight.ReadFrom(place.Data);
                    Assert.Equal(weight.Kernel.WantsInterleaved, weight.IsInterleaved);
                    var row = new float[columns];
                    weight.DecodeRow(37, row);
                    var expected = new float[columns];
                    format.Decode(new ReadOnlySpan<byte>(stored.Data + 37 * format.RowBytes(columns), (int)format.RowBytes(columns)), expected);
                    Assert.Equal(expected, row);
                }
                backend.BeginStep();
                fixed (float* data = input)
                {
                    Tensor y = backend.MatMul(new Tensor(data, count, columns), weight);
                    var result = new float[count * rows];
                    for (int token = 0; token < count; token++) backend.Read(y, token).CopyTo(result.AsSpan(token * rows));
                    return result;
                }
            }
        }
    }
}
