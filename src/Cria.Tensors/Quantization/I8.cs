using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>
/// Signed bytes, one an element: value = scale · q with one scale a row, which lies in a tensor of its own ("weight_scale" in compressed-tensors folders).
/// </summary>
public sealed class I8 : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.I8;

    /// <inheritdoc/>
    public override int BlockSize => 1;

    /// <inheritdoc/>
    public override int BlockBytes => 1;

    /// <inheritdoc/>
    public override bool HasRowScales => true;

    /// <summary>Throws: without the row's scale the bytes mean nothing.</summary>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => throw new NotSupportedException("rows of I8 are decoded by their view, which has the scales");

    /// <summary>Throws: the scale has no place in the bytes.</summary>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance) => throw new NotSupportedException("rows of I8 are encoded one by one, with their scales");

    /// <summary>The values of a row.</summary>
    public static void DecodeRow(ReadOnlySpan<byte> row, float scale, Span<float> values)
    {
        ReadOnlySpan<sbyte> bytes = MemoryMarshal.Cast<byte, sbyte>(row);
        for (int i = 0; i < bytes.Length; i++) values[i] = bytes[i] * scale;
    }

    /// <summary>Rounds a row to bytes from −127 to 127, ties to even, and returns its scale: max|x| / 127. Values must be finite.</summary>
    public static float EncodeRow(ReadOnlySpan<float> values, Span<byte> row)
    {
        Span<sbyte> bytes = MemoryMarshal.Cast<byte, sbyte>(row);
        float scale = Largest(values) / 127;
        // A scale may be too small to have an inverse; such a row is as good as zero.
        float inverse = scale > 1e-37f ? 1 / scale : 0;
        int i = 0;
        for (; i + Vector512<float>.Count <= values.Length; i += Vector512<float>.Count)
        {
            Vector512<int> whole = Vector512.ConvertToInt32(Vector512.Round(Vector512.Create(values[i..]) * inverse));
            Vector256<short> shorts = Vector512.Narrow(whole, whole).GetLower();
            Vector256.Narrow(shorts, shorts).GetLower().CopyTo(bytes[i..]);
        }
        for (; i < values.Length; i++) bytes[i] = (sbyte)MathF.Round(values[i] * inverse);
        return inverse == 0 ? 0 : scale;
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        Vector512<float> lanes = default;
        int i = 0;
        for (; i + Vector512<float>.Count <= values.Length; i += Vector512<float>.Count) lanes = Vector512.Max(lanes, Vector512.Abs(Vector512.Create(values[i..])));
        float largest = 0;
        for (int lane = 0; lane < Vector512<float>.Count; lane++) largest = MathF.Max(largest, lanes[lane]);
        for (; i < values.Length; i++) largest = MathF.Max(largest, MathF.Abs(values[i]));
        return largest;
    }
}
