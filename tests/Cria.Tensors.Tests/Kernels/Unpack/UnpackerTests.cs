using System.Buffers.Binary;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Unpack;
using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Tests.Kernels.Unpack;

public sealed unsafe class UnpackerTests
{
    private const int Rows = Unpacker.PanelRows;
    private const byte Untouched = 0xA5;

    /// <summary>Where each format keeps its F16 numbers.</summary>
    private static readonly Dictionary<TensorType, int[]> HalfOffsets = new()
    {
        [TensorType.Q4_0] = [0],
        [TensorType.Q4_1] = [0, 2],
        [TensorType.Q5_0] = [0],
        [TensorType.Q5_1] = [0, 2],
        [TensorType.Q8_0] = [0],
        [TensorType.Q2_K] = [80, 82],
        [TensorType.Q3_K] = [108],
        [TensorType.Q4_K] = [0, 2],
        [TensorType.Q5_K] = [0, 2],
        [TensorType.Q6_K] = [208],
        [TensorType.IQ4_NL] = [0],
        [TensorType.IQ4_XS] = [0],
    };

    public static TheoryData<TensorType, CpuLevel> Pairs
    {
        get
        {
            var pairs = new TheoryData<TensorType, CpuLevel>();
            foreach (TensorType type in HalfOffsets.Keys)
            {
                Unpacker? below = null;
                foreach (CpuLevel level in Cpu.Available)
                {
                    // A level that takes the one below's was tested there.
                    if (UnpackTable.For(type, level) != below) pairs.Add(type, level);
                    below = UnpackTable.For(type, level);
                }
            }
            return pairs;
        }
    }

    [Fact]
    public void Every_quantized_format_has_an_unpacker()
    {
        IEnumerable<TensorType> quantized = BlockFormat.All.Keys.Where(type => type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16));
        Assert.Equal(quantized.Order(), HalfOffsets.Keys.Order());
        foreach (TensorType type in quantized)
            foreach (CpuLevel level in Cpu.Available)
                Assert.NotNull(UnpackTable.For(type, level));
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Scale_byte_and_minimum_give_the_decoded_weight_to_the_bit(TensorType type, CpuLevel level)
    {
        var random = new Random(17 + (int)type);
        BlockFormat format = BlockFormat.Of(type);
        for (int round = 0; round < 24; round++)
        {
            int columns = format.BlockSize * random.Next(1, 512 / format.BlockSize + 1);
            int padding = random.Next(0, 70);
            Check(type, level, columns, padding, blocks => Fill(blocks, round, random));
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Every_half_float_is_read_as_it_is(TensorType type, CpuLevel level)
    {
        BlockFormat format = BlockFormat.Of(type);
        var random = new Random(5);
        int columns = 512, bits = 0;
        // 63,488 finite bit patterns, each row of each call a few of them.
        while (bits < 0x10000)
        {
            Check(type, level, columns, 3, blocks =>
            {
                Fill(blocks, 0, random);
                for (int at = 0; at < blocks.Length; at += format.BlockBytes)
                {
                    foreach (int offset in HalfOffsets[type])
                    {
                        if ((bits & 0x7C00) == 0x7C00) bits += 0x400;
                        BinaryPrimitives.WriteUInt16LittleEndian(blocks[(at + offset)..], (ushort)bits++);
                    }
                }
            });
        }
    }

    private delegate void Filler(Span<byte> blocks);

    private static void Fill(Span<byte> blocks, int round, Random random)
    {
        if (round == 1) blocks.Clear();
        else if (round == 2) blocks.Fill(0xFF);
        else if (round == 3) blocks.Fill(0x80);
        else random.NextBytes(blocks);
    }

    private static void Check(TensorType type, CpuLevel level, int columns, int padding, Filler fill)
    {
        BlockFormat format = BlockFormat.Of(type);
        Unpacker unpacker = UnpackTable.For(type, level);
        int rowBytes = (int)format.RowBytes(columns), stride = rowBytes + padding, groups = columns / unpacker.GroupSize;
        var stored = new byte[Rows * rowBytes];
        fill(stored);
        for (int at = 0; at < stored.Length; at += format.BlockBytes)
            foreach (int offset in HalfOffsets[type]) MakeFinite(stored.AsSpan(at + offset));
        var decoded = new float[Rows * columns];
        format.Decode(stored, decoded);

        // The last row ends where the memory ends: a level that reads on dies.
        using var blocks = new GuardedMemory(Rows * stride - padding);
        for (int row = 0; row < Rows; row++) stored.AsSpan(row * rowBytes, rowBytes).CopyTo(new Span<byte>(blocks.Data + row * stride, rowBytes));
        using var panel = new NativeBuffer(Rows * columns + 64);
        using var scales = new NativeBuffer((groups + 1) * Rows * sizeof(float));
        using var minimums = new NativeBuffer((groups + 1) * Rows * sizeof(float));
        foreach (bool signed in new[] { false, true })
        {
            Array.ForEach([panel, scales, minimums], buffer => new Span<byte>(buffer.Data, (int)buffer.ByteCount).Fill(Untouched));
            unpacker.Unpack(blocks.Data, stride, columns, signed, panel.Data, (float*)scales.Data, (float*)minimums.Data, blocks.Data);
            for (int row = 0; row < Rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    byte stands = panel.Data[column / 4 * 64 + row * 4 + column % 4];
                    int value = signed ? (sbyte)stands : stands - unpacker.Zero;
                    int at = column / unpacker.GroupSize * Rows + row;
                    float product = ((float*)scales.Data)[at] * value;
                    float weight = unpacker.HasMinimum ? product - ((float*)minimums.Data)[at] : product;
                    if (BitConverter.SingleToInt32Bits(decoded[row * columns + column]) != BitConverter.SingleToInt32Bits(weight))
                        Assert.Fail($"{type} {level} signed {signed} row {row} column {column}: {weight:R}, decoder {decoded[row * columns + column]:R}");
                }
            }
            AssertUntouched(panel, Rows * columns);
            AssertUntouched(scales, groups * Rows * sizeof(float));
            AssertUntouched(minimums, unpacker.HasMinimum ? groups * Rows * sizeof(float) : 0);
        }
    }

    private static void MakeFinite(Span<byte> half)
    {
        ushort bits = BinaryPrimitives.ReadUInt16LittleEndian(half);
        if ((bits & 0x7C00) == 0x7C00) BinaryPrimitives.WriteUInt16LittleEndian(half, (ushort)(bits & ~0x4000));
    }

    private static void AssertUntouched(NativeBuffer buffer, int from) =>
        Assert.True(new ReadOnlySpan<byte>(buffer.Data + from, (int)buffer.ByteCount - from).IndexOfAnyExcept(Untouched) < 0, "wrote past the end");
}
