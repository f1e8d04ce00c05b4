using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 32 elements in 34 bytes: value = scale · q, q in −127…127.
/// <code>
/// byte 0..1   scale, F16
/// byte 2..33  q of element i, signed
/// </code>
/// </summary>
public sealed class Q8_0 : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.Q8_0;

    /// <inheritdoc/>
    public override int BlockSize => 32;

    /// <inheritdoc/>
    public override int BlockBytes => 34;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[34..], values = values[32..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            for (int i = 0; i < 32; i++) values[i] = (sbyte)blocks[2 + i] * scale;
        }
    }

    /// <inheritdoc/>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        for (; values.Length > 0; values = values[32..], blocks = blocks[34..])
        {
            Vector512<float> low = Vector512.Create(values);
            Vector512<float> high = Vector512.Create(values[16..]);
            float scale = Largest(Vector512.Max(Vector512.Abs(low), Vector512.Abs(high))) / 127;
            Vector512<float> inverse = Vector512.Create(scale != 0 ? 1 / scale : 0);
            BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)scale);
            Narrow(RoundAway(low * inverse), RoundAway(high * inverse)).CopyTo(blocks[2..]);
        }
    }

    private static float Largest(Vector512<float> values)
    {
        Vector256<float> half = Vector256.Max(values.GetLower(), values.GetUpper());
        Vector128<float> quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return Math.Max(Math.Max(quarter[0], quarter[1]), Math.Max(quarter[2], quarter[3]));
    }

    /// <summary>Rounds to the nearest integer, ties away from zero. The fraction is exact, so no sum is rounded twice.</summary>
    private static Vector512<int> RoundAway(Vector512<float> value)
    {
        Vector512<float> whole = Vector512.Truncate(value);
        Vector512<float> away = Vector512.GreaterThanOrEqual(Vector512.Abs(value - whole), Vector512.Create(0.5f));
        Vector512<float> step = Vector512.CopySign(Vector512<float>.One, value) & away;
        return Vector512.ConvertToInt32(whole + step);
    }

    private static Vector256<byte> Narrow(Vector512<int> low, Vector512<int> high)
    {
        Vector512<short> shorts = Vector512.Narrow(low, high);
        return Vector256.Narrow(shorts.GetLower(), shorts.GetUpper()).AsByte();
    }
}
