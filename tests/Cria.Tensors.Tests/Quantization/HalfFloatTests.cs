using System.Runtime.InteropServices;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Tests.Quantization;

public sealed class HalfFloatTests
{
    [Fact]
    public void Every_half_decodes_to_its_value()
    {
        ushort[] halves = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        var values = new float[65536];
        BlockFormat.Of(TensorType.F16).Decode(MemoryMarshal.AsBytes<ushort>(halves), values);
        for (int i = 0; i < values.Length; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf(halves[i]);
            if (float.IsNaN(expected)) Assert.True(float.IsNaN(values[i]));
            else Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(values[i]));
        }
    }

    [Fact]
    public void Floats_round_to_the_nearest_half_ties_to_even()
    {
        var random = new Random(1);
        var values = new float[1 << 20];
        for (int i = 0; i < values.Length; i++)
        {
            // Half of them lie exactly on, between or just beside two halves.
            float half = (float)BitConverter.UInt16BitsToHalf((ushort)random.Next(65536));
            uint bits = i % 2 == 0 ? (uint)random.NextInt64(1L << 32) : BitConverter.SingleToUInt32Bits(half) + (uint)(random.Next(3) * 0x1000 + random.Next(-1, 2));
            values[i] = BitConverter.UInt32BitsToSingle(bits);
        }
        var bytes = new byte[values.Length * 2];
        BlockFormat.Of(TensorType.F16).Encode(values, bytes);
        ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(bytes);
        for (int i = 0; i < values.Length; i++)
        {
            if (float.IsNaN(values[i])) Assert.True(Half.IsNaN(halves[i]));
            else Assert.Equal(BitConverter.HalfToUInt16Bits((Half)values[i]), BitConverter.HalfToUInt16Bits(halves[i]));
        }
    }
}
