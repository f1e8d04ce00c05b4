using System.Buffers.Binary;
using System.Runtime.CompilerServices;

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

    private static readonly AffineFit Plain = new(Levels: 15, First: -1f, Step: 0.1f, Trials: 21, Absolute: false);
    private static readonly AffineFit Weighted = new(Levels: 15, First: -0.9f, Step: 0.05f, Trials: 37, Absolute: false);

    /// <inheritdoc/>
    [SkipLocalsInit]
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        Span<byte> headers = stackalloc byte[AffineSuperBlocks.AtOnce * AffineSuperBlocks.HeaderBytes];
        Span<byte> quants = stackalloc byte[AffineSuperBlocks.AtOnce * 256];
        for (int done = 0; done < values.Length; done += quants.Length)
        {
            int length = Math.Min(quants.Length, values.Length - done);
            AffineSuperBlocks.Encode(Plain, Weighted, values.Slice(done, length), importance.IsEmpty ? default : importance.Slice(done, length), headers, quants[..length]);
            for (int b = 0; b < length / 256; b++, blocks = blocks[144..])
            {
                Span<byte> block = blocks[..144];
                headers.Slice(b * AffineSuperBlocks.HeaderBytes, AffineSuperBlocks.HeaderBytes).CopyTo(block);
                Pack(quants.Slice(b * 256, 256), block.Slice(16, 128));
            }
        }
    }

    private static void Pack(ReadOnlySpan<byte> quants, Span<byte> runs)
    {
        for (int i = 0; i < 128; i++)
        {
            int first = i / 32 * 64 + i % 32;
            runs[i] = (byte)(quants[first] | (quants[first + 32] << 4));
        }
    }
}
