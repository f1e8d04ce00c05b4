using System.Numerics;
using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Tests.Kernels;

public unsafe class HadamardTests
{
    public static TheoryData<int> Sizes => [16, 32, 64, 80, 96, 128, 192, 512];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Matches_its_definition_with_the_same_bits_in_every_width(int size)
    {
        float[] x = Random(size, 1), y = Rotated<Lanes128>(x);
        Assert.Equal(y, Rotated<Lanes256>(x));
        Assert.Equal(y, Rotated<Lanes512>(x));
        int part = 1 << BitOperations.TrailingZeroCount(size);
        for (int i = 0; i < size; i++)
        {
            double sum = 0;
            for (int j = 0; j < part; j++) sum += (BitOperations.PopCount((uint)(i % part & j)) % 2 == 0 ? 1 : -1) * (double)x[i / part * part + j];
            Assert.Equal(sum / Math.Sqrt(part), y[i], 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Is_its_own_inverse_and_keeps_dot_products(int size)
    {
        float[] x = Random(size, 2), y = Random(size, 3), a = Rotated<Lanes256>(x), b = Rotated<Lanes256>(y);
        double before = x.Zip(y, (left, right) => (double)left * right).Sum(), after = a.Zip(b, (left, right) => (double)left * right).Sum();
        Assert.Equal(before, after, 1e-4);
        float[] back = Rotated<Lanes256>(a);
        for (int i = 0; i < size; i++) Assert.Equal(x[i], back[i], 1e-5f);
    }

    [Fact]
    public void Spreads_one_large_feature_over_all()
    {
        float[] x = new float[64];
        x[37] = 8;
        Assert.All(Rotated<Lanes256>(x), value => Assert.Equal(1f, Math.Abs(value)));
    }

    private static float[] Random(int size, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, size).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private static float[] Rotated<T>(float[] x) where T : struct, ILanes<T>
    {
        float[] y = [.. x];
        fixed (float* data = y) Hadamard.Rotate<T>(data, y.Length);
        return y;
    }
}
