using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>y = x / sqrt(mean(x²) + ε) · gain (arXiv 1910.07467).</summary>
internal static unsafe partial class RmsNorm
{
    /// <summary>One row of <paramref name="size"/> elements, a multiple of 16.</summary>
    public static void Row<T>(float* x, float* gain, float epsilon, float* y, int size) where T : struct, ILanes<T>
    {
        T squares = T.Broadcast(0);
        for (int i = 0; i < size; i += 16)
        {
            T v = T.Load(x + i);
            squares = T.Fma(v, v, squares);
        }
        T scale = T.Broadcast(1f / MathF.Sqrt(T.Sum(squares) / size + epsilon));
        for (int i = 0; i < size; i += 16) (T.Load(x + i) * scale * T.Load(gain + i)).Store(y + i);
    }
}
