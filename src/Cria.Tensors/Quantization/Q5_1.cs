using System.Buffers.Binary;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 32 elements in 24 bytes: value = scale · q + minimum, q in 0…31.
/// <code>
/// byte 0..1   scale, F16
/// byte 2..3   minimum, F16
/// byte 4..7   bit i is the fifth bit of element i's q (one little-endian 32-bit number)
/// byte 8..23  byte i holds the lower four bits of elements i (low half) and i + 16 (high half)
/// </code>
/// </summary>
public sealed class Q5_1 : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.Q5_1;

    /// <inheritdoc/>
    public override int BlockSize => 32;

    /// <inheritdoc/>
    public override int BlockBytes => 24;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[24..], values = values[32..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            float minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks[2..]);
            uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(blocks[4..]);
            for (int i = 0; i < 16; i++)
            {
                int low = (blocks[8 + i] & 15) | (int)(((fifth >> i) & 1) << 4);
                int high = (blocks[8 + i] >> 4) | (int)(((fifth >> (i + 16)) & 1) << 4);
                values[i] = low * scale + minimum;
                values[i + 16] = high * scale + minimum;
            }
        }
    }
}
