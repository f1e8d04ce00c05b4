using System.Runtime.CompilerServices;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>gate · sigmoid(gate) · up (arXiv 2002.05202).</summary>
internal static unsafe partial class SwiGlu
{
    /// <summary>One stretch of <paramref name="size"/> elements, a multiple of 16; the result replaces <paramref name="gate"/>.</summary>
    public static void Row<T>(float* gate, float* up, int size) where T : struct, ILanes<T> => Row<T>(gate, up, gate, size);

    /// <summary>One stretch, written to <paramref name="y"/>, which may be <paramref name="gate"/>.</summary>
    public static void Row<T>(float* gate, float* up, float* y, int size) where T : struct, ILanes<T>
    {
        for (int i = 0; i < size; i += 16)
        {
            T g = T.Load(gate + i);
            (g * Sigmoid(g) * T.Load(up + i)).Store(y + i);
        }
    }

    // Beyond 80 the sigmoid would be subnormal, which is slow and as good as nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Sigmoid<T>(T g) where T : struct, ILanes<T>
    {
        T one = T.Broadcast(1);
        return one / (one + Exponential.Exp(T.Min(T.Broadcast(0) - g, T.Broadcast(80))));
    }
}
