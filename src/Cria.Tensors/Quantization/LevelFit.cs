using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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
    private static readonly Vector512<float> Thresholds = FindThresholds();

    private static readonly Vector512<float> Levels = FindLevels();

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

    /// <summary>Replaces each lane by the index of the level nearest to inverse · x, as a float.</summary>
    public static void Nearest(Vector512<float> inverse, ReadOnlySpan<Vector512<float>> x, Span<Vector512<float>> quants)
    {
        Vector512<float> thresholds = Thresholds;
        for (int i = 0; i < x.Length; i++) quants[i] = Vector512.ConvertToSingle(Nearest(inverse * x[i], thresholds));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sums(Vector512<float> inverse, ReadOnlySpan<Vector512<float>> x, ReadOnlySpan<Vector512<float>> weights, out Vector512<float> sumXQ, out Vector512<float> sumQQ)
    {
        Vector512<float> thresholds = Thresholds;
        Vector512<float> levels = Levels;
        sumXQ = sumQQ = Vector512<float>.Zero;
        for (int i = 0; i < x.Length; i++)
        {
            Vector512<float> q = Pick(levels, Nearest(inverse * x[i], thresholds));
            Vector512<float> wq = weights[i] * q;
            sumXQ += wq * x[i];
            sumQQ += wq * q;
        }
    }

    /// <summary>How many thresholds each lane has reached, by bisection.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Nearest(Vector512<float> value, Vector512<float> thresholds)
    {
        // Thresholds 7, then 3 or 11, then every other, then the last: four comparisons for sixteen levels.
        Vector512<int> index = Vector512.GreaterThanOrEqual(value, Vector512.Create(thresholds[7])).AsInt32() & Vector512.Create(8);
        index += Vector512.GreaterThanOrEqual(value, Pick(thresholds, index + Vector512.Create(3))).AsInt32() & Vector512.Create(4);
        index += Vector512.GreaterThanOrEqual(value, Pick(thresholds, index + Vector512.Create(1))).AsInt32() & Vector512.Create(2);
        return index + (Vector512.GreaterThanOrEqual(value, Pick(thresholds, index)).AsInt32() & Vector512.Create(1));
    }

    /// <summary>Element index[lane] of the table in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Pick(Vector512<float> table, Vector512<int> index) =>
        Avx512F.IsSupported ? Avx512F.PermuteVar16x32(table, index) : PickApart(table, index);

    private static Vector512<float> PickApart(Vector512<float> table, Vector512<int> index)
    {
        Span<float> source = stackalloc float[GroupLanes.Count];
        Span<int> places = stackalloc int[GroupLanes.Count];
        Span<float> picked = stackalloc float[GroupLanes.Count];
        table.CopyTo(source);
        index.CopyTo(places);
        for (int lane = 0; lane < picked.Length; lane++) picked[lane] = source[places[lane] & 15];
        return Vector512.Create<float>(picked);
    }

    private static Vector512<float> FindLevels()
    {
        Span<float> levels = stackalloc float[GroupLanes.Count];
        for (int k = 0; k < levels.Length; k++) levels[k] = IQ4_NL.Levels[k];
        return Vector512.Create<float>(levels);
    }

    /// <summary>Bisects between neighbouring levels for the smallest float that is no longer nearer to the lower one, rounding included.</summary>
    private static Vector512<float> FindThresholds()
    {
        Span<float> thresholds = stackalloc float[GroupLanes.Count];
        thresholds[^1] = float.PositiveInfinity;
        for (int k = 0; k < thresholds.Length - 1; k++)
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
        return Vector512.Create<float>(thresholds);
    }
}
