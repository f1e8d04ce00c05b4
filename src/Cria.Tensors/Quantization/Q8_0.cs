using System.Buffers.Binary;

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
}
