using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>With s = sigmoid(gate): dup = dy · gate · s, dgate = dy · up · s · (1 + gate · (1 − s)).</summary>
internal static unsafe partial class SwiGlu
{
    /// <summary>One stretch; the gradients replace <paramref name="gate"/> and <paramref name="up"/>.</summary>
    public static void BackwardRow<T>(float* gate, float* up, float* dy, int size) where T : struct, ILanes<T>
    {
        T one = T.Broadcast(1);
        for (int i = 0; i < size; i += 16)
        {
            T g = T.Load(gate + i), d = T.Load(dy + i), s = Sigmoid(g);
            (d * T.Load(up + i) * s * T.Fma(g, one - s, one)).Store(gate + i);
            (d * g * s).Store(up + i);
        }
    }
}
