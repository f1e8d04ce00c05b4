using System.Buffers.Binary;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 256 elements in 110 bytes, sixteen groups of 16: value = scale · (s − 32) · (q − 4), q in 0…7, s in 0…63 for each group.
/// <code>
/// byte 0..31     bit k of byte i is the third bit of q of element 32·k + i
/// byte 32..95    two runs of 32 bytes; run h covers elements 128·h…128·h + 127,
///                bits 2k and 2k + 1 of its byte i are the lower bits of q of element 128·h + 32·k + i
/// byte 96..107   s: byte g (0…7) holds the lower four bits of groups g (low half) and g + 8 (high half);
///                bits 2k and 2k + 1 of byte 8 + j are the upper bits of group 4·k + j
/// byte 108..109  scale, F16
/// </code>
/// </summary>
public sealed class Q3_K : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.Q3_K;

    /// <inheritdoc/>
    public override int BlockSize => 256;

    /// <inheritdoc/>
    public override int BlockBytes => 110;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[110..], values = values[256..])
        {
            ReadOnlySpan<byte> third = blocks[..32];
            ReadOnlySpan<byte> quants = blocks.Slice(32, 64);
            ReadOnlySpan<byte> packed = blocks.Slice(96, 12);
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks[108..]);
            for (int i = 0; i < 256; i++)
            {
                int q = (quants[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2)) & 3;
                q |= ((third[i % 32] >> (i / 32)) & 1) << 2;
                values[i] = scale * (GroupScale(packed, i / 16) - 32) * (q - 4);
            }
        }
    }

    /// <summary>The six-bit s of one of the sixteen groups.</summary>
    internal static int GroupScale(ReadOnlySpan<byte> packed, int group)
    {
        int low = (packed[group % 8] >> (group / 8 * 4)) & 15;
        int high = (packed[8 + group % 4] >> (group / 4 * 2)) & 3;
        return low | (high << 4);
    }
}
