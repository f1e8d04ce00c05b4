using System.Buffers.Binary;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 32 elements in 18 bytes: value = scale · <see cref="Levels"/>[q], q in 0…15.
/// <code>
/// byte 0..1   scale, F16
/// byte 2..17  byte i holds q of element i (low four bits) and of element i + 16 (high four bits)
/// </code>
/// </summary>
public sealed class IQ4_NL : BlockFormat
{
    /// <summary>The sixteen values a quant stands for: dense near zero, as weights are.</summary>
    public static ReadOnlySpan<sbyte> Levels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <inheritdoc/>
    public override TensorType Type => TensorType.IQ4_NL;

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
                values[i] = scale * Levels[blocks[2 + i] & 15];
                values[i + 16] = scale * Levels[blocks[2 + i] >> 4];
            }
        }
    }
}
