using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>gate · sigmoid(gate) · up (arXiv 2002.05202).</summary>
internal static unsafe class SwiGlu
{
    /// <summary>One stretch of <paramref name="size"/> elements, a multiple of 16; the result replaces <paramref name="gate"/>.</summary>
    public static void Row<T>(float* gate, float* up, int size) where T : struct, ILanes<T>
    {
        T one = T.Broadcast(1), zero = T.Broadcast(0);
        for (int i = 0; i < size; i += 16)
        {
            T g = T.Load(gate + i);
            T sigmoid = one / (one + Exponential.Exp(zero - g));
            (g * sigmoid * T.Load(up + i)).Store(gate + i);
        }
    }
}
