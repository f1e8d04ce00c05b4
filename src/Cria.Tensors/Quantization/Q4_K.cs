using System.Buffers.Binary;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 256 elements in 144 bytes, eight groups of 32: value = scale · s · q − minimum · m, q in 0…15, s and m in 0…63 for each group.
/// <code>
/// byte 0..1     scale, F16
/// byte 2..3     minimum, F16
/// byte 4..15    s and m of the eight groups, see <see cref="SixBitPairs"/>
/// byte 16..143  four runs of 32 bytes; byte i of run r holds q of element 64·r + i (low four bits)
///               and of element 64·r + 32 + i (high four bits)
/// </code>
/// </summary>
public sealed class Q4_K : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.Q4_K;

    /// <inheritdoc/>
    public override int BlockSize => 256;

    /// <inheritdoc/>
    public override int BlockBytes => 144;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[144..], values = values[256..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            float minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks[2..]);
            for (int group = 0; group < 8; group++)
            {
                (int s, int m) = SixBitPairs.Read(blocks.Slice(4, SixBitPairs.Bytes), group);
                float groupScale = scale * s;
                float groupMinimum = minimum * m;
                ReadOnlySpan<byte> run = blocks.Slice(16 + group / 2 * 32, 32);
                for (int i = 0; i < 32; i++)
                    values[group * 32 + i] = groupScale * ((run[i] >> (group % 2 * 4)) & 15) - groupMinimum;
            }
        }
    }
}
