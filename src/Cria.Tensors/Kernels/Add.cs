using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>x + y, and other sums of stretches of <c>size</c> elements, a multiple of 16.</summary>
internal static unsafe class Add
{
    /// <summary>The result replaces <paramref name="x"/>.</summary>
    public static void Row<T>(float* x, float* y, int size) where T : struct, ILanes<T> => Row<T>(x, y, x, size);

    /// <summary>x + y, written to <paramref name="sum"/>.</summary>
    public static void Row<T>(float* x, float* y, float* sum, int size) where T : struct, ILanes<T>
    {
        for (int i = 0; i < size; i += 16) (T.Load(x + i) + T.Load(y + i)).Store(sum + i);
    }

    /// <summary>x · factor, written to <paramref name="y"/> or added to it.</summary>
    public static void Scaled<T>(float* x, float factor, float* y, bool accumulate, int size) where T : struct, ILanes<T>
    {
        T f = T.Broadcast(factor);
        for (int i = 0; i < size; i += 16)
        {
            T v = T.Load(x + i) * f;
            (accumulate ? v + T.Load(y + i) : v).Store(y + i);
        }
    }

    /// <summary>Σ x².</summary>
    public static double Squares<T>(float* x, int size) where T : struct, ILanes<T>
    {
        T sum = T.Broadcast(0);
        for (int i = 0; i < size; i += 16)
        {
            T v = T.Load(x + i);
            sum = T.Fma(v, v, sum);
        }
        return T.Sum(sum);
    }
}
