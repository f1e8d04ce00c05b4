using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>
/// With n = x / sqrt(mean(x²) + ε) and h = dy · gain: dgain = Σ dy · n over the rows, dx = (h − n · mean(h · n)) / sqrt(mean(x²) + ε).
/// </summary>
internal static unsafe partial class RmsNorm
{
    /// <summary>One row: writes dx, or adds to it, and adds to the gain's gradient unless that is null.</summary>
    public static void BackwardRow<T>(float* x, float* gain, float epsilon, float* dy, float* dx, bool accumulate, float* dgain, int size) where T : struct, ILanes<T>
    {
        T squares = T.Broadcast(0), products = T.Broadcast(0);
        for (int i = 0; i < size; i += 16)
        {
            T v = T.Load(x + i);
            squares = T.Fma(v, v, squares);
            products = T.Fma(T.Load(dy + i) * T.Load(gain + i), v, products);
        }
        float inverse = 1f / MathF.Sqrt(T.Sum(squares) / size + epsilon);
        T scale = T.Broadcast(inverse), back = T.Broadcast(-T.Sum(products) / size * inverse * inverse * inverse);
        for (int i = 0; i < size; i += 16)
        {
            T v = T.Load(x + i), d = T.Load(dy + i), result = T.Fma(v, back, d * T.Load(gain + i) * scale);
            if (accumulate) result += T.Load(dx + i);
            result.Store(dx + i);
            if (dgain != null) T.Fma(d * scale, v, T.Load(dgain + i)).Store(dgain + i);
        }
    }
}
