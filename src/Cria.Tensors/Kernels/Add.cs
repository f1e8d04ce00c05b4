using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>x + y.</summary>
internal static unsafe class Add
{
    /// <summary>One stretch of <paramref name="size"/> elements, a multiple of 16; the result replaces <paramref name="x"/>.</summary>
    public static void Row<T>(float* x, float* y, int size) where T : struct, ILanes<T>
    {
        for (int i = 0; i < size; i += 16) (T.Load(x + i) + T.Load(y + i)).Store(x + i);
    }
}
