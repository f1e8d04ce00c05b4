using Cria.Tensors.Backends;
using Cria.Tensors.Kernels;
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
            foreach (TensorType type in UnpackTable.Types.Order())
                foreach (CpuLevel level in Cpu.Available) pairs.Add(type, level);
            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void One_token_gives_the_bits_it_gives_among_five(TensorType type, CpuLevel level)
    {
        const int rows = 16 * 5 + 3, tokens = 5;
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

            float[] together = Multiply(x, tokens);
            for (int token = 0; token < tokens; token++)
            {
                float[] alone = Multiply(x[(token * columns)..((token + 1) * columns)], 1);
                for (int row = 0; row < rows; row++)
                {
                    if (BitConverter.SingleToInt32Bits(alone[row]) != BitConverter.SingleToInt32Bits(together[token * rows + row]))
                        Assert.Fail($"{type} {level}, {columns} columns, token {token}, row {row}: {alone[row]:R} alone, {together[token * rows + row]:R} among {tokens}");
                }
            }

            float[] Multiply(float[] input, int count)
            {
                using CpuBackend backend = CpuBackend.Create(2, level);
                Weight weight = backend.Upload("w", new TensorView(type, rows, columns, stored.Data, stored.ByteCount));
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
