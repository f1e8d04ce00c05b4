using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>gate · sigmoid(gate) · up (arXiv 2002.05202).</summary>
internal static unsafe class SwiGlu
{
    /// <summary>One stretch of <paramref name="size"/> elements, a multiple of 16; the result replaces <paramref name="gate"/>.</summary>
    public static void Row<T>(float* gate, float* up, int size) where T : struct, ILanes<T>
    {
        // Beyond 80 the sigmoid would be subnormal, which is slow and as good as nothing.
        T one = T.Broadcast(1), zero = T.Broadcast(0), most = T.Broadcast(80);
        for (int i = 0; i < size; i += 16)
        {
            T g = T.Load(gate + i);
            T sigmoid = one / (one + Exponential.Exp(T.Min(zero - g, most)));
            (g * sigmoid * T.Load(up + i)).Store(gate + i);
        }
    }
}
