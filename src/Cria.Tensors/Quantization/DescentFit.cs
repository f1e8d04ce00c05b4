using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>
/// Finds a scale for value ≈ scale · l, l in −Half…Half − 1, with errors weighed by value²: starts from the element of largest magnitude,
/// then moves one l after the other to its best place given the rest, up to five rounds.
/// </summary>
/// <param name="Half">Half the number of levels.</param>
internal readonly record struct DescentFit(int Half)
{
    private const int Rounds = 5;

    /// <summary>Fits sixteen groups; <paramref name="quants"/> become l + Half, or 0 where a group is all zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(ReadOnlySpan<Vector512<float>> x, Span<Vector512<float>> quants, out Vector512<float> scale)
    {
        Vector512<float> zero = Vector512<float>.Zero;
        Vector512<float> low = Vector512.Create(-(float)Half);
        Vector512<float> high = Vector512.Create(Half - 1f);
        (Vector512<float> extreme, Vector512<float> magnitude) = GroupLanes.Extreme(x);
        Vector512<float> empty = Vector512.LessThan(magnitude, Vector512.Create(SymmetricFit.Smallest));

        Vector512<float> inverse = low / extreme;
        Vector512<float> sumXL = zero, sumLL = zero;
        for (int i = 0; i < x.Length; i++)
        {
            Vector512<float> l = GroupLanes.Round(inverse * x[i], low, high);
            quants[i] = l;
            Vector512<float> weight = x[i] * x[i];
            sumXL += weight * x[i] * l;
            sumLL += weight * l * l;
        }
        for (int round = 0; round < Rounds; round++)
        {
            // A lane that did not move in a round would not move in the next, so lanes need not stop one by one.
            Vector512<float> anyMoved = zero;
            for (int i = 0; i < x.Length; i++)
            {
                Vector512<float> l = quants[i];
                Vector512<float> weight = x[i] * x[i];
                Vector512<float> weightX = weight * x[i];
                Vector512<float> restXL = sumXL - weightX * l;
                Vector512<float> restLL = sumLL - weight * l * l;
                Vector512<float> moved = GroupLanes.Round(x[i] * restLL / restXL, low, high);
                Vector512<float> newXL = restXL + weightX * moved;
                Vector512<float> newLL = restLL + weight * moved * moved;
                Vector512<float> better = Vector512.GreaterThan(restXL, zero) & ~Vector512.Equals(moved, l) & Vector512.GreaterThan(newLL, zero)
                    & Vector512.GreaterThan(newXL * newXL * sumLL, sumXL * sumXL * newLL);
                quants[i] = Vector512.ConditionalSelect(better, moved, l);
                sumXL = Vector512.ConditionalSelect(better, newXL, sumXL);
                sumLL = Vector512.ConditionalSelect(better, newLL, sumLL);
                anyMoved |= better;
            }
            if (anyMoved == zero) break;
        }

        scale = Vector512.ConditionalSelect(empty | ~Vector512.GreaterThan(sumLL, zero), zero, sumXL / sumLL);
        for (int i = 0; i < quants.Length; i++) quants[i] = Vector512.ConditionalSelect(empty, zero, quants[i] - low);
    }
}
