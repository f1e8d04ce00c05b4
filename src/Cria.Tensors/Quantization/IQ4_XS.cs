using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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

    private const int Groups = 8;

    /// <inheritdoc/>
    [SkipLocalsInit]
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        const int AtOnce = GroupLanes.Count * 32;
        Span<Vector512<float>> x = stackalloc Vector512<float>[32];
        Span<Vector512<float>> weights = stackalloc Vector512<float>[32];
        Span<byte> quants = stackalloc byte[AtOnce];
        for (int done = 0; done < values.Length; done += AtOnce)
        {
            ReadOnlySpan<float> run = values.Slice(done, Math.Min(AtOnce, values.Length - done));
            GroupLanes.Load(run, 32, x);
            if (importance.IsEmpty)
            {
                for (int i = 0; i < x.Length; i++) weights[i] = x[i] * x[i];
            }
            else
            {
                float first = GroupLanes.SumOfSquares(run[..256]) * (2f / 256);
                float second = run.Length > 256 ? GroupLanes.SumOfSquares(run[256..]) * (2f / 256) : first;
                GroupLanes.Load(importance.Slice(done, run.Length), 32, weights);
                GroupLanes.Weigh(x, weights, Vector512.Create(Vector256.Create(first), Vector256.Create(second)), weights);
            }
            Vector512<float> scales = LevelFit.Run(x, weights);
            Vector512<float> inverse = default;
            for (int b = 0; b < run.Length / 256; b++) EncodeScales(scales, b * Groups, blocks.Slice(b * 136, 8), ref inverse);
            LevelFit.Nearest(inverse, x, weights);
            GroupLanes.Store(weights, 32, quants[..run.Length]);
            for (int b = 0; b < run.Length / 256; b++, blocks = blocks[136..])
                for (int g = 0; g < Groups; g++) IQ4_NL.Pack(quants.Slice((b * Groups + g) * 32, 32), blocks.Slice(8 + g * 16, 16));
        }
    }

    /// <summary>Rounds the scales of one block's eight groups to six bits; <paramref name="inverse"/> gets one over what they became, before the block's scale is rounded to F16.</summary>
    private static void EncodeScales(Vector512<float> scales, int first, Span<byte> header, ref Vector512<float> inverse)
    {
        float extreme = 0, magnitude = 0;
        for (int g = first; g < first + Groups; g++)
        {
            if (!(MathF.Abs(scales[g]) > magnitude)) continue;
            magnitude = MathF.Abs(scales[g]);
            extreme = scales[g];
        }
        float blockScale = -extreme / 32;
        float inverseBlockScale = blockScale != 0 ? 1 / blockScale : 0;
        header.Clear();
        BinaryPrimitives.WriteHalfLittleEndian(header, (Half)blockScale);
        int upper = 0;
        for (int g = 0; g < Groups; g++)
        {
            int factor = Math.Clamp(GroupLanes.Round(inverseBlockScale * scales[first + g]), -32, 31);
            float decoded = blockScale * factor;
            inverse = inverse.WithElement(first + g, decoded != 0 ? 1 / decoded : 0);
            header[4 + g / 2] |= (byte)(((factor + 32) & 15) << (g % 2 * 4));
            upper |= (factor + 32) >> 4 << (2 * g);
        }
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)upper);
    }
}
