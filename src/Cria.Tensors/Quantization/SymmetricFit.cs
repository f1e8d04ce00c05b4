using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>
/// Finds a scale for value ≈ scale · l, l in −Half…Half − 1, of weighted least squares: the element of largest magnitude becomes −Half,
/// or a little more or less in eighteen trials; the best trial stays.
/// </summary>
/// <param name="Half">Half the number of levels.</param>
internal readonly record struct SymmetricFit(int Half)
{
    /// <summary>A group whose largest magnitude is below this is all zeros.</summary>
    public const float Smallest = 1e-15f;

    private const int Reach = 9;

    /// <summary>
    /// Fits sixteen groups; <paramref name="quants"/> become l + Half, or 0 where a group is all zeros.
    /// All three spans have one vector per element of a group.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(ReadOnlySpan<Vector512<float>> x, ReadOnlySpan<Vector512<float>> weights, Span<Vector512<float>> quants, out Vector512<float> scale)
    {
        Vector512<float> zero = Vector512<float>.Zero;
        Vector512<float> half = Vector512.Create((float)Half);
        Span<Vector512<float>> trial = stackalloc Vector512<float>[x.Length];
        (Vector512<float> extreme, Vector512<float> magnitude) = GroupLanes.Extreme(x);
        Vector512<float> empty = Vector512.LessThan(magnitude, Vector512.Create(Smallest));

        Sums(Vector512.Create(-(float)Half) / extreme, x, weights, quants, out Vector512<float> sumXL, out Vector512<float> sumLL);
        scale = Vector512.ConditionalSelect(Vector512.Equals(sumLL, zero), zero, sumXL / sumLL);
        Vector512<float> best = scale * sumXL;
        for (int t = -Reach; t <= Reach; t++)
        {
            if (t == 0) continue;
            Sums(Vector512.Create(-(Half + 0.1f * t)) / extreme, x, weights, trial, out sumXL, out sumLL);
            Vector512<float> better = Vector512.GreaterThan(sumLL, zero) & Vector512.GreaterThan(sumXL * sumXL, best * sumLL);
            GroupLanes.Keep(better, trial, quants);
            scale = Vector512.ConditionalSelect(better, sumXL / sumLL, scale);
            best = Vector512.ConditionalSelect(better, scale * sumXL, best);
        }

        scale = Vector512.ConditionalSelect(empty, zero, scale);
        for (int i = 0; i < quants.Length; i++) quants[i] = Vector512.ConditionalSelect(empty, zero, quants[i] + half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Sums(Vector512<float> inverse, ReadOnlySpan<Vector512<float>> x, ReadOnlySpan<Vector512<float>> weights, Span<Vector512<float>> quants,
        out Vector512<float> sumXL, out Vector512<float> sumLL)
    {
        Vector512<float> low = Vector512.Create(-(float)Half);
        Vector512<float> high = Vector512.Create(Half - 1f);
        sumXL = sumLL = Vector512<float>.Zero;
        for (int i = 0; i < x.Length; i++)
        {
            Vector512<float> l = GroupLanes.Round(inverse * x[i], low, high);
            quants[i] = l;
            sumXL += weights[i] * x[i] * l;
            sumLL += weights[i] * l * l;
        }
    }
}
