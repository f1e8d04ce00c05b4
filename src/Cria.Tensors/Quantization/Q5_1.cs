using System.Buffers.Binary;
using System.Runtime.Intrinsics;

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

    private static readonly AffineFit Weighted = new(Levels: 31, First: -0.9f, Step: 0.05f, Trials: 37, Absolute: false);

    /// <inheritdoc/>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        if (!importance.IsEmpty)
        {
            EncodeWeighted(values, blocks, importance);
            return;
        }
        Span<byte> quants = stackalloc byte[32];
        for (; values.Length > 0; values = values[32..], blocks = blocks[24..])
        {
            (float minimum, float maximum) = BlockRows.Range(values[..32]);
            float scale = (maximum - minimum) / 31;
            float inverse = scale != 0 ? 1 / scale : 0;
            for (int i = 0; i < 32; i++) quants[i] = (byte)Math.Clamp((int)((values[i] - minimum) * inverse + 0.5f), 0, 31);
            Write(scale, minimum, quants, blocks);
        }
    }

    private static void EncodeWeighted(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        Span<Vector512<float>> x = stackalloc Vector512<float>[32];
        Span<Vector512<float>> weights = stackalloc Vector512<float>[32];
        Span<Vector512<float>> q = stackalloc Vector512<float>[32];
        Span<byte> quants = stackalloc byte[BlockRows.AtOnce];
        float spread = GroupLanes.SumOfSquares(values) / values.Length;
        for (int done = 0; done < values.Length; done += BlockRows.AtOnce)
        {
            int length = Math.Min(BlockRows.AtOnce, values.Length - done);
            BlockRows.Load(values.Slice(done, length), importance.Slice(done, length), spread, x, weights);
            Weighted.Run(x, weights, q, out Vector512<float> scale, out Vector512<float> depth);
            GroupLanes.Store(q, 32, quants[..length]);
            for (int b = 0; b < length / 32; b++, blocks = blocks[24..]) Write(scale[b], -depth[b], quants.Slice(b * 32, 32), blocks);
        }
    }

    private static void Write(float scale, float minimum, ReadOnlySpan<byte> quants, Span<byte> block)
    {
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        BinaryPrimitives.WriteHalfLittleEndian(block[2..], (Half)minimum);
        Q5_0.Pack(quants, block[4..]);
    }
}
