using System.Buffers.Binary;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 256 elements in 84 bytes, sixteen groups of 16: value = scale · s · q − minimum · m, q in 0…3, s and m in 0…15 for each group.
/// <code>
/// byte 0..15   group g: s (low four bits), m (high four bits)
/// byte 16..79  two runs of 32 bytes; run h covers elements 128·h…128·h + 127,
///              bits 2k and 2k + 1 of its byte i are q of element 128·h + 32·k + i
/// byte 80..81  scale, F16
/// byte 82..83  minimum, F16
/// </code>
/// </summary>
public sealed class Q2_K : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.Q2_K;

    /// <inheritdoc/>
    public override int BlockSize => 256;

    /// <inheritdoc/>
    public override int BlockBytes => 84;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[84..], values = values[256..])
        {
            ReadOnlySpan<byte> quants = blocks.Slice(16, 64);
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks[80..]);
            float minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks[82..]);
            for (int i = 0; i < 256; i++)
            {
                int group = blocks[i / 16];
                int q = (quants[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2)) & 3;
                values[i] = scale * (group & 15) * q - minimum * (group >> 4);
            }
        }
    }
}
