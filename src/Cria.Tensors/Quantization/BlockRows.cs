using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>What the formats with blocks of 32 have in common.</summary>
internal static class BlockRows
{
    /// <summary>Elements of the blocks that are fitted at once.</summary>
    public const int AtOnce = GroupLanes.Count * 32;

    /// <summary>Lays blocks side by side with the weights an importance matrix gives them; the spread is the mean square of the row.</summary>
    public static void Load(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, float spread, Span<Vector512<float>> x, Span<Vector512<float>> weights)
    {
        GroupLanes.Load(values, 32, x);
        GroupLanes.Load(importance, 32, weights);
        GroupLanes.Weigh(x, weights, Vector512.Create(spread), weights);
    }

    /// <summary>The element of largest magnitude, the first of equals.</summary>
    public static float Extreme(ReadOnlySpan<float> block)
    {
        float extreme = 0, magnitude = 0;
        foreach (float value in block)
        {
            if (!(MathF.Abs(value) > magnitude)) continue;
            magnitude = MathF.Abs(value);
            extreme = value;
        }
        return extreme;
    }

    /// <summary>The smallest and the largest element.</summary>
    public static (float Minimum, float Maximum) Range(ReadOnlySpan<float> block)
    {
        float minimum = block[0], maximum = block[0];
        foreach (float value in block)
        {
            if (value < minimum) minimum = value;
            if (value > maximum) maximum = value;
        }
        return (minimum, maximum);
    }
}
