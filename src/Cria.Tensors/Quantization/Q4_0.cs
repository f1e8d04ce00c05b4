using System.Buffers.Binary;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 32 elements in 18 bytes: value = scale · (q − 8), q in 0…15.
/// <code>
/// byte 0..1   scale, F16
/// byte 2..17  byte i holds q of element i (low four bits) and of element i + 16 (high four bits)
/// </code>
/// </summary>
public sealed class Q4_0 : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.Q4_0;

    /// <inheritdoc/>
    public override int BlockSize => 32;

    /// <inheritdoc/>
    public override int BlockBytes => 18;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[18..], values = values[32..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            for (int i = 0; i < 16; i++)
            {
                values[i] = ((blocks[2 + i] & 15) - 8) * scale;
                values[i + 16] = ((blocks[2 + i] >> 4) - 8) * scale;
            }
        }
    }
}
