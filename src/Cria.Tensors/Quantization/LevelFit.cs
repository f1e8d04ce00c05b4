using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>
/// Finds a scale for value ≈ scale · <see cref="IQ4_NL.Levels"/>[q] of weighted least squares: the element of largest magnitude becomes
/// the lowest level, or up to seven steps beside it; the best trial stays.
/// </summary>
internal static class LevelFit
{
    private const int Reach = 7;
    private const float LowestLevel = -127;

    /// <summary>Where the nearest level changes: from threshold k on, level k + 1 is nearer than level k as floats measure it.</summary>
    private static readonly float[] Thresholds = FindThresholds();

    /// <summary>Fits sixteen groups; returns each one's scale, 0 where a group is all zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Run(ReadOnlySpan<Vector512<float>> x, ReadOnlySpan<Vector512<float>> weights)
    {
        Vector512<float> zero = Vector512<float>.Zero;
        (Vector512<float> extreme, Vector512<float> magnitude) = GroupLanes.Extreme(x);
        Vector512<float> empty = Vector512.LessThan(magnitude, Vector512.Create(SymmetricFit.Smallest));

        Vector512<float> first = -extreme / Vector512.Create(LowestLevel);
        Sums(Vector512<float>.One / first, x, weights, out Vector512<float> sumXQ, out Vector512<float> sumQQ);
        Vector512<float> scale = Vector512.ConditionalSelect(Vector512.Equals(sumQQ, zero), zero, sumXQ / sumQQ);
        Vector512<float> best = scale * sumXQ;
        for (int t = -Reach; t <= Reach; t++)
        {
            Sums(Vector512.Create(t + LowestLevel) / extreme, x, weights, out sumXQ, out sumQQ);
            Vector512<float> better = Vector512.GreaterThan(sumQQ, zero) & Vector512.GreaterThan(sumXQ * sumXQ, best * sumQQ);
            scale = Vector512.ConditionalSelect(better, sumXQ / sumQQ, scale);
            best = Vector512.ConditionalSelect(better, scale * sumXQ, best);
        }
        return Vector512.ConditionalSelect(empty, zero, scale);
    }

    /// <summary>The index of the level nearest to each lane, as a float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Nearest(Vector512<float> value)
    {
        // True is minus one.
        Vector512<int> index = Vector512<int>.Zero;
        foreach (float threshold in Thresholds) index -= Vector512.GreaterThanOrEqual(value, Vector512.Create(threshold)).AsInt32();
        return Vector512.ConvertToSingle(index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sums(Vector512<float> inverse, ReadOnlySpan<Vector512<float>> x, ReadOnlySpan<Vector512<float>> weights, out Vector512<float> sumXQ, out Vector512<float> sumQQ)
    {
        sumXQ = sumQQ = Vector512<float>.Zero;
        for (int i = 0; i < x.Length; i++)
        {
            Vector512<float> q = NearestLevel(inverse * x[i]);
            Vector512<float> wq = weights[i] * q;
            sumXQ += wq * x[i];
            sumQQ += wq * q;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> NearestLevel(Vector512<float> value)
    {
        // Each threshold passed adds the step to the next level; steps and sums are small integers, exact as floats.
        Vector512<float> level = Vector512.Create(LowestLevel);
        ReadOnlySpan<float> thresholds = Thresholds;
        ReadOnlySpan<sbyte> levels = IQ4_NL.Levels;
        for (int k = 0; k < thresholds.Length; k++)
            level += Vector512.GreaterThanOrEqual(value, Vector512.Create(thresholds[k])) & Vector512.Create((float)(levels[k + 1] - levels[k]));
        return level;
    }

    /// <summary>Bisects between neighbouring levels for the smallest float that is no longer nearer to the lower one, rounding included.</summary>
    private static float[] FindThresholds()
    {
        var thresholds = new float[IQ4_NL.Levels.Length - 1];
        for (int k = 0; k < thresholds.Length; k++)
        {
            float lower = IQ4_NL.Levels[k], upper = IQ4_NL.Levels[k + 1];
            float low = lower, high = upper;
            while (true)
            {
                float middle = low + (high - low) / 2;
                if (middle <= low || middle >= high) break;
                if (middle - lower < upper - middle) low = middle;
                else high = middle;
            }
            thresholds[k] = high;
        }
        return thresholds;
    }
}
