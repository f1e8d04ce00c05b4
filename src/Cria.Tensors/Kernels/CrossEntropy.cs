using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels;

/// <summary>−log softmax(logits)[target], and its gradient softmax(logits) − 1[target].</summary>
internal static unsafe class CrossEntropy
{
    /// <summary>The loss of one row of <paramref name="size"/> logits. The gradient, times <paramref name="scale"/>, replaces the logits.</summary>
    public static double Row<T>(float* logits, int size, int target, float scale) where T : struct, ILanes<T>
    {
        int whole = size & ~15;
        float largest = float.NegativeInfinity;
        if (whole > 0)
        {
            T most = T.Load(logits);
            for (int i = 16; i < whole; i += 16) most = T.Max(most, T.Load(logits + i));
            largest = T.Largest(most);
        }
        for (int i = whole; i < size; i++) largest = MathF.Max(largest, logits[i]);
        double loss = largest - (double)logits[target];
        T sum = T.Broadcast(0), shift = T.Broadcast(largest);
        for (int i = 0; i < whole; i += 16)
        {
            T e = Exponential.Exp(T.Load(logits + i) - shift);
            e.Store(logits + i);
            sum += e;
        }
        float total = T.Sum(sum);
        for (int i = whole; i < size; i++) total += logits[i] = MathF.Exp(logits[i] - largest);
        T share = T.Broadcast(scale / total);
        for (int i = 0; i < whole; i += 16) (T.Load(logits + i) * share).Store(logits + i);
        for (int i = whole; i < size; i++) logits[i] *= scale / total;
        logits[target] -= scale;
        return loss + Math.Log(total);
    }
}
