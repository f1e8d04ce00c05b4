using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>
/// Sixteen groups side by side: lane g of vector i is element i of group g. Each lane adds in the order of the scalar formula,
/// so sixteen groups are searched at once and the bytes do not depend on the width of the machine's vectors.
/// </summary>
internal static class GroupLanes
{
    /// <summary>Groups in a vector.</summary>
    public const int Count = 16;

    /// <summary>Adding and taking away 1.5 · 2²³ leaves a float rounded to the nearest integer, ties to even.</summary>
    private const float RoundingBias = 12582912f;

    /// <summary>Lays up to sixteen groups of <paramref name="groupSize"/> side by side; lanes without a group repeat the first.</summary>
    public static void Load(ReadOnlySpan<float> values, int groupSize, Span<Vector512<float>> lanes)
    {
        Span<float> flat = MemoryMarshal.Cast<Vector512<float>, float>(lanes);
        int groups = values.Length / groupSize;
        for (int g = 0; g < Count; g++)
        {
            ReadOnlySpan<float> group = values.Slice(g < groups ? g * groupSize : 0, groupSize);
            for (int i = 0; i < group.Length; i++) flat[i * Count + g] = group[i];
        }
    }

    /// <summary>Puts the quants of the groups back one group after the other, as bytes.</summary>
    public static void Store(ReadOnlySpan<Vector512<float>> lanes, int groupSize, Span<byte> quants)
    {
        ReadOnlySpan<float> flat = MemoryMarshal.Cast<Vector512<float>, float>(lanes);
        for (int g = 0; g * groupSize < quants.Length; g++)
        {
            Span<byte> group = quants.Slice(g * groupSize, groupSize);
            for (int i = 0; i < group.Length; i++) group[i] = (byte)flat[i * Count + g];
        }
    }

    /// <summary>Rounds to the nearest integer, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<float> value) => value + Vector512.Create(RoundingBias) - Vector512.Create(RoundingBias);

    /// <summary>Rounds to the nearest integer, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Round(float value) => (int)(value + RoundingBias - RoundingBias);

    /// <summary>Rounds and keeps within bounds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<float> value, Vector512<float> low, Vector512<float> high) =>
        Vector512.MinNative(Vector512.MaxNative(Round(value), low), high);

    /// <summary>The element of largest magnitude in each group, the first of equals; and the magnitude.</summary>
    public static (Vector512<float> Extreme, Vector512<float> Magnitude) Extreme(ReadOnlySpan<Vector512<float>> x)
    {
        Vector512<float> extreme = Vector512<float>.Zero;
        Vector512<float> magnitude = Vector512<float>.Zero;
        foreach (Vector512<float> value in x)
        {
            Vector512<float> absolute = Vector512.Abs(value);
            Vector512<float> larger = Vector512.GreaterThan(absolute, magnitude);
            magnitude = Vector512.ConditionalSelect(larger, absolute, magnitude);
            extreme = Vector512.ConditionalSelect(larger, value, extreme);
        }
        return (extreme, magnitude);
    }

    /// <summary>Takes the candidate quants in the lanes where they are better.</summary>
    public static void Keep(Vector512<float> better, ReadOnlySpan<Vector512<float>> candidate, Span<Vector512<float>> quants)
    {
        if (better == Vector512<float>.Zero) return;
        for (int i = 0; i < candidate.Length; i++) quants[i] = Vector512.ConditionalSelect(better, candidate[i], quants[i]);
    }

    /// <summary>w = importance · √(spread + x²): what an importance matrix says an element's squared error costs.</summary>
    public static void Weigh(ReadOnlySpan<Vector512<float>> x, ReadOnlySpan<Vector512<float>> importance, Vector512<float> spread, Span<Vector512<float>> weights)
    {
        for (int i = 0; i < x.Length; i++) weights[i] = importance[i] * Vector512.Sqrt(spread + x[i] * x[i]);
    }

    /// <summary>The sum over each group, in order.</summary>
    public static Vector512<float> Sum(ReadOnlySpan<Vector512<float>> lanes)
    {
        Vector512<float> sum = Vector512<float>.Zero;
        foreach (Vector512<float> value in lanes) sum += value;
        return sum;
    }

    /// <summary>The sum of squares over a run, in order.</summary>
    public static float SumOfSquares(ReadOnlySpan<float> values)
    {
        float sum = 0;
        foreach (float value in values) sum += value * value;
        return sum;
    }
}
