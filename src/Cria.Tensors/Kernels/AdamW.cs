using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>
/// Adam with decay apart from the gradient (arXiv 1711.05101): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
/// w ← w · (1 − rate · decay) − rate · (m / (1 − β₁ᵗ)) / (sqrt(v / (1 − β₂ᵗ)) + ε).
/// </summary>
internal static unsafe class AdamW
{
    /// <summary>The numbers of one step that all weights share.</summary>
    /// <param name="Rate">Learning rate over 1 − β₁ᵗ.</param>
    /// <param name="Keep">1 − learning rate · decay.</param>
    /// <param name="Beta1">Share of the mean kept.</param>
    /// <param name="Beta2">Share of the mean square kept.</param>
    /// <param name="InverseRoot">1 / sqrt(1 − β₂ᵗ).</param>
    /// <param name="Epsilon">ε.</param>
    /// <param name="GradientScale">Factor on gradients, from clipping.</param>
    public readonly record struct Step(float Rate, float Keep, float Beta1, float Beta2, float InverseRoot, float Epsilon, float GradientScale);

    /// <summary>One stretch of <paramref name="size"/> weights, a multiple of 16.</summary>
    public static void Row<T>(float* w, float* g, float* m, float* v, int size, in Step step) where T : struct, ILanes<T>
    {
        T rate = T.Broadcast(-step.Rate), keep = T.Broadcast(step.Keep), beta1 = T.Broadcast(step.Beta1), rest1 = T.Broadcast(1 - step.Beta1), beta2 = T.Broadcast(step.Beta2), rest2 = T.Broadcast(1 - step.Beta2);
        T root = T.Broadcast(step.InverseRoot), epsilon = T.Broadcast(step.Epsilon), scale = T.Broadcast(step.GradientScale);
        for (int i = 0; i < size; i += 16)
        {
            T gradient = T.Load(g + i) * scale;
            T mean = T.Fma(beta1, T.Load(m + i), rest1 * gradient), square = T.Fma(beta2, T.Load(v + i), rest2 * gradient * gradient);
            mean.Store(m + i);
            square.Store(v + i);
            T.Fma(rate, mean / T.Fma(T.Sqrt(square), root, epsilon), T.Load(w + i) * keep).Store(w + i);
        }
    }
}
