using System.Buffers.Binary;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 256 elements in 136 bytes, eight groups of 32: value = scale · (s − 32) · <see cref="IQ4_NL.Levels"/>[q], q in 0…15, s in 0…63 for each group.
/// <code>
/// byte 0..1    scale, F16
/// byte 2..3    bits 2g and 2g + 1 are the upper bits of s of group g (one little-endian 16-bit number)
/// byte 4..7    lower four bits of s: byte j holds group 2·j (low half) and group 2·j + 1 (high half)
/// byte 8..135  eight runs of 16 bytes; byte i of run g holds q of element 32·g + i (low four bits)
///              and of element 32·g + 16 + i (high four bits)
/// </code>
/// </summary>
public sealed class IQ4_XS : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.IQ4_XS;

    /// <inheritdoc/>
    public override int BlockSize => 256;

    /// <inheritdoc/>
    public override int BlockBytes => 136;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[136..], values = values[256..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            int upper = BinaryPrimitives.ReadUInt16LittleEndian(blocks[2..]);
            for (int group = 0; group < 8; group++)
            {
                int s = ((blocks[4 + group / 2] >> (group % 2 * 4)) & 15) | (((upper >> (2 * group)) & 3) << 4);
                float groupScale = scale * (s - 32);
                ReadOnlySpan<byte> run = blocks.Slice(8 + group * 16, 16);
                for (int i = 0; i < 16; i++)
                {
                    values[group * 32 + i] = groupScale * IQ4_NL.Levels[run[i] & 15];
                    values[group * 32 + i + 16] = groupScale * IQ4_NL.Levels[run[i] >> 4];
                }
            }
        }
    }
}
