using System.Numerics;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>
/// The Hadamard transform of a head, scaled to be a rotation: y = H·x / √n with H[i, j] = (−1)^(number of common one bits of i and j). It is its own inverse, so q·k stays what
/// it was when both are rotated, and it spreads a feature much larger than the others over all of them, which four bits need (QuaRot, arXiv 2404.00456).
/// </summary>
internal static unsafe class Hadamard
{
    /// <summary>Rotates <paramref name="size"/> features in place, a multiple of 16: all together where that is a power of two, else in equal parts of the largest power of two that divides it.</summary>
    public static void Rotate<T>(float* x, int size) where T : struct, ILanes<T>
    {
        int part = 1 << BitOperations.TrailingZeroCount(size);
        T scale = T.Broadcast(1f / MathF.Sqrt(part));
        for (int start = 0; start < size; start += part) Transform<T>(x + start, part);
        for (int i = 0; i < size; i += 16) (T.Load(x + i) * scale).Store(x + i);
    }

    private static void Transform<T>(float* x, int count) where T : struct, ILanes<T>
    {
        for (int i = 0; i < count; i += 4)
        {
            float a = x[i] + x[i + 1], b = x[i] - x[i + 1], c = x[i + 2] + x[i + 3], d = x[i + 2] - x[i + 3];
            (x[i], x[i + 1], x[i + 2], x[i + 3]) = (a + c, b + d, a - c, b - d);
        }
        for (int step = 4; step < 16; step *= 2)
        {
            for (int i = 0; i < count; i += 2 * step)
            {
                for (int j = i; j < i + step; j++) (x[j], x[j + step]) = (x[j] + x[j + step], x[j] - x[j + step]);
            }
        }
        for (int step = 16; step < count; step *= 2)
        {
            for (int i = 0; i < count; i += 2 * step)
            {
                for (int j = i; j < i + step; j += 16)
                {
                    T a = T.Load(x + j), b = T.Load(x + j + step);
                    (a + b).Store(x + j);
                    (a - b).Store(x + j + step);
                }
            }
        }
    }
}
