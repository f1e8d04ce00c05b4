using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Tests.Kernels;

/// <summary>Sixteen-lane arithmetic: exact conversions, a good exponential, and the same bits in every register width.</summary>
public unsafe class LanesTests
{
    [Fact]
    public void Every_half_converts_as_the_runtime_does()
    {
        ushort* halves = stackalloc ushort[16];
        for (int first = 0; first < 65536; first += 16)
        {
            for (int i = 0; i < 16; i++) halves[i] = (ushort)(first + i);
            Check<Lanes128>(halves);
            Check<Lanes256>(halves);
            Check<Lanes512>(halves);
        }

        static void Check<T>(ushort* halves) where T : struct, ILanes<T>
        {
            float* values = stackalloc float[16];
            T.LoadHalf(halves).Store(values);
            for (int i = 0; i < 16; i++)
            {
                float expected = (float)BitConverter.UInt16BitsToHalf(halves[i]);
                if (float.IsNaN(expected)) Assert.True(float.IsNaN(values[i]));
                else Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(values[i]));
            }
        }
    }

    [Fact]
    public void Floats_round_to_halves_as_the_runtime_does()
    {
        var random = new Random(7);
        float* values = stackalloc float[16];
        ushort* halves = stackalloc ushort[16];
        for (int round = 0; round < 20000; round++)
        {
            for (int i = 0; i < 16; i++)
            {
                float value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
                // Half of the cases near the range of halves, ties included.
                values[i] = i % 2 == 0 ? value : (float)BitConverter.UInt16BitsToHalf((ushort)random.Next(0x7bff)) * (1 + random.Next(-2, 3) * (1f / 4096));
                if (float.IsNaN(values[i])) values[i] = 0;
            }
            Check<Lanes128>(values, halves);
            Check<Lanes256>(values, halves);
            Check<Lanes512>(values, halves);
        }

        static void Check<T>(float* values, ushort* halves) where T : struct, ILanes<T>
        {
            T.Load(values).StoreHalf(halves);
            for (int i = 0; i < 16; i++) Assert.Equal(BitConverter.HalfToUInt16Bits((Half)values[i]), halves[i]);
        }
    }

    [Fact]
    public void Powers_of_two_are_within_two_units_of_double_and_exactly_zero_far_below()
    {
        float* x = stackalloc float[16];
        float* wide = stackalloc float[16];
        float* middle = stackalloc float[16];
        float* narrow = stackalloc float[16];
        for (float start = -125.9f; start < 60; start += 0.0371f)
        {
            for (int i = 0; i < 16; i++) x[i] = start + i * 0.0021f;
            Exponential.Exp2(Lanes512.Load(x)).Store(wide);
            Exponential.Exp2(Lanes256.Load(x)).Store(middle);
            Exponential.Exp2(Lanes128.Load(x)).Store(narrow);
            for (int i = 0; i < 16; i++)
            {
                Assert.Equal(BitConverter.SingleToInt32Bits(narrow[i]), BitConverter.SingleToInt32Bits(wide[i]));
                Assert.Equal(BitConverter.SingleToInt32Bits(narrow[i]), BitConverter.SingleToInt32Bits(middle[i]));
                Assert.Equal(1, wide[i] / Math.Pow(2, x[i]), 2e-7);
            }
        }
        for (int i = 0; i < 16; i++) x[i] = i == 0 ? float.NegativeInfinity : -127 - i * 100;
        Exponential.Exp2(Lanes512.Load(x)).Store(wide);
        for (int i = 0; i < 16; i++) Assert.Equal(0f, wide[i]);
        Assert.Equal(1f, Lanes512.Largest(Exponential.Exp2(Lanes512.Broadcast(0))));
    }

    [Fact]
    public void Exponential_is_within_two_units_of_double_and_exactly_zero_far_below()
    {
        float* x = stackalloc float[16];
        float* wide = stackalloc float[16];
        float* narrow = stackalloc float[16];
        for (float start = -87.3f; start < 88; start += 0.0371f)
        {
            for (int i = 0; i < 16; i++) x[i] = start + i * 0.0021f;
            Exponential.Exp(Lanes512.Load(x)).Store(wide);
            Exponential.Exp(Lanes128.Load(x)).Store(narrow);
            for (int i = 0; i < 16; i++)
            {
                Assert.Equal(BitConverter.SingleToInt32Bits(narrow[i]), BitConverter.SingleToInt32Bits(wide[i]));
                Assert.Equal(1, wide[i] / Math.Exp(x[i]), 3e-7);
            }
        }
        for (int i = 0; i < 16; i++) x[i] = i == 0 ? float.NegativeInfinity : -88 - i * 100;
        Exponential.Exp(Lanes512.Load(x)).Store(wide);
        for (int i = 0; i < 16; i++) Assert.Equal(0f, wide[i]);
        Assert.Equal(1f, Exponential.Exp(Lanes512.Broadcast(0)) is var one && Lanes512.Largest(one) is var largest ? largest : 0);
    }

    [Fact]
    public void Sums_and_rounding_give_the_same_bits_in_every_width()
    {
        var random = new Random(3);
        float* x = stackalloc float[16];
        sbyte* a = stackalloc sbyte[16], b = stackalloc sbyte[16], c = stackalloc sbyte[16];
        for (int round = 0; round < 5000; round++)
        {
            int sum = 0;
            for (int i = 0; i < 16; i++)
            {
                x[i] = (float)(random.NextDouble() * 254 - 127);
                if (round % 3 == 0) x[i] = MathF.Round(x[i]) + 0.5f * (x[i] > 0 ? -1 : 1);
                sum += (int)MathF.Round(x[i], MidpointRounding.ToEven);
            }
            float s = Lanes128.Sum(Lanes128.Load(x));
            Assert.Equal(s, Lanes256.Sum(Lanes256.Load(x)));
            Assert.Equal(s, Lanes512.Sum(Lanes512.Load(x)));
            Assert.Equal(sum, Lanes128.StoreRounded(Lanes128.Load(x), a));
            Assert.Equal(sum, Lanes256.StoreRounded(Lanes256.Load(x), b));
            Assert.Equal(sum, Lanes512.StoreRounded(Lanes512.Load(x), c));
            for (int i = 0; i < 16; i++)
            {
                Assert.Equal((sbyte)MathF.Round(x[i], MidpointRounding.ToEven), a[i]);
                Assert.Equal(a[i], b[i]);
                Assert.Equal(a[i], c[i]);
            }
        }
    }
}
