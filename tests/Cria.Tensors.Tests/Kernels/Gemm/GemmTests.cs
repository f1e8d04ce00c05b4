using Cria.Tensors.Kernels;
using Cria.Tensors.Kernels.Gemm;
using Cria.Tensors.Memory;
using Cria.Tensors.Threading;

namespace Cria.Tensors.Tests.Kernels.Gemm;

public unsafe class GemmTests
{
    public static TheoryData<string, int, int, int> Shapes()
    {
        var data = new TheoryData<string, int, int, int>();
        foreach (CpuLevel level in Cpu.Available)
        {
            foreach ((int rows, int columns, int inner) in new[] { (1, 1, 1), (7, 33, 5), (64, 64, 32), (70, 96, 401), (130, 48, 1000), (9, 300, 64) }) data.Add(level.ToString(), rows, columns, inner);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void All_forms_match_a_product_in_double(string level, int rows, int columns, int inner)
    {
        foreach (bool brain in new[] { false, true })
        {
            GemmKernel kernel = GemmKernel.For(Enum.Parse<CpuLevel>(level), brain);
            if (kernel.IsBrain != brain) continue;
            foreach ((bool turnLeft, bool turnRight, bool accumulate) in new[] { (false, true, false), (false, false, true), (true, false, true), (true, true, false) })
                Check(kernel, rows, columns, inner, turnLeft, turnRight, accumulate);
        }
    }

    [Fact]
    public void The_number_of_threads_does_not_change_a_bit()
    {
        var random = new Random(3);
        using NativeBuffer a = Random(random, 150 * 70), b = Random(random, 70 * 100), one = new(150 * 100 * 4), three = new(150 * 100 * 4);
        foreach ((int threads, NativeBuffer result) in new[] { (1, one), (3, three) })
        {
            using var workers = new WorkerPool(threads);
            using var gemm = new Tensors.Kernels.Gemm.Gemm(workers, GemmKernel.For(Cpu.Highest, brain: false));
            gemm.Run(new GemmOperand((float*)a.Data, 70, false), new GemmOperand((float*)b.Data, 100, false), (float*)result.Data, 100, 150, 100, 70, accumulate: false);
        }
        Assert.True(new ReadOnlySpan<byte>(one.Data, 60000).SequenceEqual(new ReadOnlySpan<byte>(three.Data, 60000)));
    }

    private static void Check(GemmKernel kernel, int rows, int columns, int inner, bool turnLeft, bool turnRight, bool accumulate)
    {
        var random = new Random(rows + columns + inner);
        int gap = 3;
        int leftStride = (turnLeft ? rows : inner) + gap, rightStride = (turnRight ? inner : columns) + gap, stride = columns + gap;
        using NativeBuffer left = Random(random, (turnLeft ? inner : rows) * leftStride), right = Random(random, (turnRight ? columns : inner) * rightStride), result = Random(random, rows * stride);
        float* a = (float*)left.Data, b = (float*)right.Data, c = (float*)result.Data;
        float[] before = new Span<float>(c, rows * stride).ToArray();
        using var workers = new WorkerPool(2);
        using var gemm = new Tensors.Kernels.Gemm.Gemm(workers, kernel);
        gemm.Run(new GemmOperand(a, leftStride, turnLeft), new GemmOperand(b, rightStride, turnRight), c, stride, rows, columns, inner, accumulate);
        // A rounded factor is off by 2⁻⁹ at most.
        double tolerance = (kernel.IsBrain ? 0.004 : 2e-6) * Math.Max(4, Math.Sqrt(inner) * 2);
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < stride; j++)
            {
                double wanted = accumulate || j >= columns ? before[i * stride + j] : 0;
                for (int k = 0; k < inner && j < columns; k++) wanted += (double)(turnLeft ? a[k * leftStride + i] : a[i * leftStride + k]) * (turnRight ? b[j * rightStride + k] : b[k * rightStride + j]);
                Assert.Equal(wanted, c[i * stride + j], tolerance);
            }
        }
    }

    private static NativeBuffer Random(Random random, int count)
    {
        var buffer = new NativeBuffer(4L * count);
        for (int i = 0; i < count; i++) ((float*)buffer.Data)[i] = random.NextSingle() * 2 - 1;
        return buffer;
    }
}
