using System.Buffers.Binary;
using System.Runtime.Intrinsics;

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

    /// <inheritdoc/>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        if (!importance.IsEmpty)
        {
            EncodeWeighted(values, blocks, importance);
            return;
        }
        Span<byte> quants = stackalloc byte[32];
        for (; values.Length > 0; values = values[32..], blocks = blocks[22..])
        {
            // The element of largest magnitude becomes −16, the only level without a counterpart.
            float scale = BlockRows.Extreme(values[..32]) / -16;
            float inverse = scale != 0 ? 1 / scale : 0;
            for (int i = 0; i < 32; i++) quants[i] = (byte)Math.Clamp((int)(values[i] * inverse + 16.5f), 0, 31);
            Write(scale, quants, blocks);
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
            new SymmetricFit(16).Run(x, weights, q, out Vector512<float> scale);
            GroupLanes.Store(q, 32, quants[..length]);
            for (int b = 0; b < length / 32; b++, blocks = blocks[22..]) Write(scale[b], quants.Slice(b * 32, 32), blocks);
        }
    }

    private static void Write(float scale, ReadOnlySpan<byte> quants, Span<byte> block)
    {
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        Pack(quants, block[2..]);
    }

    /// <summary>Packs 32 five-bit quants; Q5_1 packs the same way.</summary>
    internal static void Pack(ReadOnlySpan<byte> quants, Span<byte> packed)
    {
        uint fifth = 0;
        for (int i = 0; i < 32; i++) fifth |= (uint)(quants[i] >> 4) << i;
        BinaryPrimitives.WriteUInt32LittleEndian(packed, fifth);
        IQ4_NL.Pack(quants, packed[4..]);
    }
}
