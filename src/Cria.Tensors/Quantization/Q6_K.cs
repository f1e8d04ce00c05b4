using System.Buffers.Binary;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 256 elements in 210 bytes, sixteen groups of 16: value = scale · s · (q − 32), q in 0…63, s signed for each group.
/// <code>
/// byte 0..127    two runs of 64 bytes; run h covers elements 128·h…128·h + 127: byte i (0…63) holds the lower four bits
///                of element 128·h + i (low half) and of element 128·h + 64 + i (high half)
/// byte 128..191  two runs of 32 bytes; bits 2k and 2k + 1 of byte i of run h are the upper bits of element 128·h + 32·k + i
/// byte 192..207  s of the sixteen groups, signed
/// byte 208..209  scale, F16
/// </code>
/// </summary>
public sealed class Q6_K : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.Q6_K;

    /// <inheritdoc/>
    public override int BlockSize => 256;

    /// <inheritdoc/>
    public override int BlockBytes => 210;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[210..], values = values[256..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks[208..]);
            for (int i = 0; i < 256; i++)
            {
                int run = i / 128;
                int low = (blocks[run * 64 + i % 64] >> (i % 128 / 64 * 4)) & 15;
                int high = (blocks[128 + run * 32 + i % 32] >> (i % 128 / 32 * 2)) & 3;
                values[i] = scale * (sbyte)blocks[192 + i / 16] * ((low | (high << 4)) - 32);
            }
        }
    }
}
