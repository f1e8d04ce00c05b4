namespace Cria.Tensors.Quantization;

/// <summary>
/// Eight pairs of six-bit numbers in 12 bytes, as Q4_K and Q5_K keep the scale s and the minimum m of their eight groups of 32.
/// <code>
/// byte g     (g 0…3)  bits 0..5 s of group g;                  bits 6..7 upper bits of s of group g + 4
/// byte 4 + g (g 0…3)  bits 0..5 m of group g;                  bits 6..7 upper bits of m of group g + 4
/// byte 8 + g (g 0…3)  bits 0..3 lower bits of s of group g + 4; bits 4..7 lower bits of m of group g + 4
/// </code>
/// </summary>
internal static class SixBitPairs
{
    /// <summary>Bytes of the eight pairs.</summary>
    public const int Bytes = 12;

    /// <summary>The scale and the minimum of one group, each 0…63.</summary>
    public static (int Scale, int Minimum) Read(ReadOnlySpan<byte> packed, int group) => group < 4
        ? (packed[group] & 63, packed[group + 4] & 63)
        : ((packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));

    /// <summary>Packs eight scales and eight minima, each 0…63.</summary>
    public static void Write(ReadOnlySpan<byte> scales, ReadOnlySpan<byte> minima, Span<byte> packed)
    {
        for (int g = 0; g < 4; g++)
        {
            packed[g] = (byte)(scales[g] | (scales[g + 4] >> 4 << 6));
            packed[g + 4] = (byte)(minima[g] | (minima[g + 4] >> 4 << 6));
            packed[g + 8] = (byte)((scales[g + 4] & 15) | (minima[g + 4] << 4));
        }
    }
}
