using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>
/// What Q4_K and Q5_K have in common: eight groups of 32 under one scale and one minimum, six-bit factors for each group.
/// The two formats differ in the number of levels and in how they pack the quants.
/// </summary>
internal static class AffineSuperBlocks
{
    /// <summary>Elements in a super-block.</summary>
    public const int Size = 256;

    /// <summary>Bytes before the quants: scale and minimum as F16, then <see cref="SixBitPairs"/>.</summary>
    public const int HeaderBytes = 4 + SixBitPairs.Bytes;

    /// <summary>Super-blocks fitted at once.</summary>
    public const int AtOnce = GroupLanes.Count / Groups;

    private const int Groups = 8;
    private const int GroupSize = Size / Groups;
    private const int MaximumFactor = 63;

    /// <summary>
    /// Encodes one or two super-blocks. <paramref name="headers"/> gets <see cref="HeaderBytes"/> for each, <paramref name="quants"/> one byte for each element.
    /// <paramref name="importance"/> is empty or as long as <paramref name="values"/>.
    /// </summary>
    [SkipLocalsInit]
    public static void Encode(in AffineFit plain, in AffineFit weighted, ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> headers, Span<byte> quants)
    {
        Span<Vector512<float>> x = stackalloc Vector512<float>[GroupSize];
        Span<Vector512<float>> weights = stackalloc Vector512<float>[GroupSize];
        Span<Vector512<float>> q = stackalloc Vector512<float>[GroupSize];
        GroupLanes.Load(values, GroupSize, x);
        Vector512<float> scale, depth;
        if (importance.IsEmpty)
        {
            WeighByMagnitude(x, weights);
            plain.Run(x, weights, q, out scale, out depth);
        }
        else
        {
            GroupLanes.Load(importance, GroupSize, weights);
            GroupLanes.Weigh(x, weights, Spread(values), weights);
            weighted.Run(x, weights, q, out scale, out depth);
        }

        Span<Vector512<float>> lanes = [scale, depth, GroupLanes.Sum(weights), default, default];
        Span<float> flat = MemoryMarshal.Cast<Vector512<float>, float>(lanes);
        int count = values.Length / Size;
        for (int b = 0; b < count; b++)
        {
            int at = b * Groups;
            Factors(flat.Slice(at, Groups), flat.Slice(16 + at, Groups), importance.IsEmpty ? default : flat.Slice(32 + at, Groups),
                headers.Slice(b * HeaderBytes, HeaderBytes), flat.Slice(48 + at, Groups), flat.Slice(64 + at, Groups));
        }
        Quantize(x, lanes[3], lanes[4], Vector512.Create((float)plain.Levels), q);
        GroupLanes.Store(q, GroupSize, quants);
    }

    /// <summary>w = √(mean x²) + |x|: large elements count more.</summary>
    private static void WeighByMagnitude(ReadOnlySpan<Vector512<float>> x, Span<Vector512<float>> weights)
    {
        Vector512<float> sum = Vector512<float>.Zero;
        foreach (Vector512<float> value in x) sum += value * value;
        Vector512<float> mean = Vector512.Sqrt(sum / Vector512.Create((float)GroupSize));
        for (int i = 0; i < x.Length; i++) weights[i] = mean + Vector512.Abs(x[i]);
    }

    /// <summary>Twice the mean square of each super-block, in the lanes of its groups.</summary>
    private static Vector512<float> Spread(ReadOnlySpan<float> values)
    {
        float first = 2 * GroupLanes.SumOfSquares(values[..Size]) / Size;
        float second = values.Length > Size ? 2 * GroupLanes.SumOfSquares(values[Size..]) / Size : first;
        return Vector512.Create(Vector256.Create(first), Vector256.Create(second));
    }

    /// <summary>Rounds the groups' scales and depths to six-bit factors of two F16 numbers; gives back what a decoder will make of them.</summary>
    private static void Factors(ReadOnlySpan<float> scales, ReadOnlySpan<float> depths, ReadOnlySpan<float> weights, Span<byte> header, Span<float> decodedScales, Span<float> decodedDepths)
    {
        Span<byte> s = stackalloc byte[Groups];
        Span<byte> m = stackalloc byte[Groups];
        Half scale, minimum;
        if (weights.IsEmpty)
        {
            scale = (Half)(Factors(scales, s) / MaximumFactor);
            minimum = (Half)(Factors(depths, m) / MaximumFactor);
        }
        else
        {
            var fit = new PositiveFit(MaximumFactor);
            scale = (Half)fit.Run(scales, weights, s);
            minimum = (Half)fit.Run(depths, weights, m);
        }
        BinaryPrimitives.WriteHalfLittleEndian(header, scale);
        BinaryPrimitives.WriteHalfLittleEndian(header[2..], minimum);
        SixBitPairs.Write(s, m, header[4..]);
        for (int g = 0; g < Groups; g++)
        {
            decodedScales[g] = (float)scale * s[g];
            decodedDepths[g] = (float)minimum * m[g];
        }
    }

    /// <summary>The largest becomes 63, the others in proportion; returns the largest.</summary>
    private static float Factors(ReadOnlySpan<float> values, Span<byte> factors)
    {
        float maximum = 0;
        foreach (float value in values)
            if (value > maximum) maximum = value;
        float inverse = maximum > 0 ? MaximumFactor / maximum : 0;
        // The cast wraps a negative number to a large one, as the reference does.
        for (int g = 0; g < values.Length; g++) factors[g] = Math.Min((byte)MaximumFactor, unchecked((byte)GroupLanes.Round(inverse * values[g])));
        return maximum;
    }

    /// <summary>q = (x + depth) / scale, rounded; where the scale is zero the quants of the search stay.</summary>
    private static void Quantize(ReadOnlySpan<Vector512<float>> x, Vector512<float> scale, Vector512<float> depth, Vector512<float> levels, Span<Vector512<float>> quants)
    {
        Vector512<float> zero = Vector512.Equals(scale, Vector512<float>.Zero);
        for (int i = 0; i < x.Length; i++)
            quants[i] = Vector512.ConditionalSelect(zero, quants[i], GroupLanes.Round((x[i] + depth) / scale, Vector512<float>.Zero, levels));
    }
}
