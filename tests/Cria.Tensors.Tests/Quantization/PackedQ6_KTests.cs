using Cria.Tensors.Quantization;

namespace Cria.Tensors.Tests.Quantization;

public sealed unsafe class PackedQ6_KTests
{
    [Fact]
    public void Every_element_is_where_the_layout_says()
    {
        var random = new Random(6);
        for (int round = 0; round < 50; round++)
        {
            var block = new byte[PackedQ6_K.BlockBytes];
            var packed = new byte[PackedQ6_K.BlockBytes];
            random.NextBytes(block);
            // A scale of 1 and group scales of 1: what is decoded is q − 32.
            (block[208], block[209]) = (0x00, 0x3C);
            block.AsSpan(192, 16).Fill(1);
            var values = new float[256];
            BlockFormat.Of(TensorType.Q6_K).Decode(block, values);
            fixed (byte* from = block, to = packed) PackedQ6_K.Pack(from, to);
            Assert.Equal(block.AsSpan(208, 2), packed.AsSpan(0, 2));
            Assert.Equal(block.AsSpan(192, 16), packed.AsSpan(2, 16));
            for (int i = 0; i < 256; i++)
            {
                ReadOnlySpan<byte> group = packed.AsSpan(18 + (i / 16 * 12), 12);
                int place = i % 16, column = i % 4;
                int q = place < 12 ? group[place] & 63 : (group[column] >> 6) | (group[4 + column] >> 6 << 2) | (group[8 + column] >> 6 << 4);
                Assert.Equal(values[i], q - 32);
            }
        }
    }

    [Fact]
    public void A_packed_block_comes_back()
    {
        var random = new Random(7);
        byte[] block = new byte[PackedQ6_K.BlockBytes], packed = new byte[PackedQ6_K.BlockBytes], back = new byte[PackedQ6_K.BlockBytes];
        for (int round = 0; round < 100; round++)
        {
            random.NextBytes(block);
            random.NextBytes(back);
            fixed (byte* from = block, to = packed, result = back)
            {
                PackedQ6_K.Pack(from, to);
                PackedQ6_K.Unpack(to, result);
            }
            Assert.Equal(block, back);
        }
    }
}
