using System.Buffers.Binary;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 32 elements in 22 bytes: value = scale · (q − 16), q in 0…31.
/// <code>
/// byte 0..1   scale, F16
/// byte 2..5   bit i is the fifth bit of element i's q (one little-endian 32-bit number)
/// byte 6..21  byte i holds the lower four bits of elements i (low half) and i + 16 (high half)
/// </code>
/// </summary>
public sealed class Q5_0 : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.Q5_0;

    /// <inheritdoc/>
    public override int BlockSize => 32;

    /// <inheritdoc/>
    public override int BlockBytes => 22;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[22..], values = values[32..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(blocks[2..]);
            for (int i = 0; i < 16; i++)
            {
                int low = (blocks[6 + i] & 15) | (int)(((fifth >> i) & 1) << 4);
                int high = (blocks[6 + i] >> 4) | (int)(((fifth >> (i + 16)) & 1) << 4);
                values[i] = (low - 16) * scale;
                values[i + 16] = (high - 16) * scale;
            }
        }
    }
}
