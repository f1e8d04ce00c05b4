using System.Buffers.Binary;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 32 elements in 20 bytes: value = scale · q + minimum, q in 0…15.
/// <code>
/// byte 0..1   scale, F16
/// byte 2..3   minimum, F16
/// byte 4..19  byte i holds q of element i (low four bits) and of element i + 16 (high four bits)
/// </code>
/// </summary>
public sealed class Q4_1 : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.Q4_1;

    /// <inheritdoc/>
    public override int BlockSize => 32;

    /// <inheritdoc/>
    public override int BlockBytes => 20;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[20..], values = values[32..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            float minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks[2..]);
            for (int i = 0; i < 16; i++)
            {
                values[i] = (blocks[4 + i] & 15) * scale + minimum;
                values[i + 16] = (blocks[4 + i] >> 4) * scale + minimum;
            }
        }
    }
}
