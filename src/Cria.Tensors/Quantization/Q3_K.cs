using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    private const int Groups = 16;

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
            for (int group = 0; group < Groups; group++)
            {
                float groupScale = scale * (GroupScale(packed, group) - 32);
                ReadOnlySpan<byte> run = quants.Slice(group / 8 * 32 + group % 2 * 16, 16);
                ReadOnlySpan<byte> high = third.Slice(group % 2 * 16, 16);
                int shift = group % 8 / 2 * 2;
                for (int i = 0; i < 16; i++)
                {
                    int q = ((run[i] >> shift) & 3) | (((high[i] >> (group / 2)) & 1) << 2);
                    values[group * 16 + i] = groupScale * (q - 4);
                }
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

    /// <inheritdoc/>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        for (int done = 0; done < values.Length; done += 256, blocks = blocks[110..])
            EncodeBlock(values.Slice(done, 256), blocks[..110], importance.IsEmpty ? default : importance.Slice(done, 256));
    }

    [SkipLocalsInit]
    private static void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block, ReadOnlySpan<float> importance)
    {
        Span<Vector512<float>> x = stackalloc Vector512<float>[16];
        Span<Vector512<float>> q = stackalloc Vector512<float>[16];
        Span<byte> factors = stackalloc byte[Groups];
        GroupLanes.Load(values, 16, x);
        Half blockScale;
        if (importance.IsEmpty)
        {
            new DescentFit(4).Run(x, q, out Vector512<float> scale);
            blockScale = (Half)Factors(scale, factors);
        }
        else
        {
            Span<Vector512<float>> weights = stackalloc Vector512<float>[16];
            GroupLanes.Load(importance, 16, weights);
            GroupLanes.Weigh(x, weights, Vector512.Create(2 * GroupLanes.SumOfSquares(values) / 256), weights);
            new SymmetricFit(4).Run(x, weights, q, out Vector512<float> scale);
            blockScale = (Half)WeightedFactors(scale, GroupLanes.Sum(weights), factors);
        }

        BinaryPrimitives.WriteHalfLittleEndian(block[108..], blockScale);
        Span<byte> packed = block.Slice(96, 12);
        packed.Clear();
        Vector512<float> decoded = default;
        for (int g = 0; g < Groups; g++)
        {
            packed[g % 8] |= (byte)((factors[g] & 15) << (g / 8 * 4));
            packed[8 + g % 4] |= (byte)(factors[g] >> 4 << (g / 4 * 2));
            decoded = decoded.WithElement(g, (float)blockScale * (factors[g] - 32));
        }
        Vector512<float> zero = Vector512.Equals(decoded, Vector512<float>.Zero);
        for (int i = 0; i < x.Length; i++)
            q[i] = Vector512.ConditionalSelect(zero, q[i], GroupLanes.Round(x[i] / decoded, Vector512.Create(-4f), Vector512.Create(3f)) + Vector512.Create(4f));

        Span<byte> quants = stackalloc byte[256];
        GroupLanes.Store(q, 16, quants);
        Span<byte> third = block[..32];
        third.Clear();
        for (int i = 0; i < 256; i++) third[i % 32] |= (byte)(quants[i] >> 2 << (i / 32));
        Q2_K.Pack(quants, block.Slice(32, 64));
    }

    /// <summary>The scale of largest magnitude becomes −32, the others in proportion; factors are stored with 32 added. Returns the scale of the block.</summary>
    private static float Factors(Vector512<float> scales, Span<byte> factors)
    {
        float extreme = 0, magnitude = 0;
        for (int g = 0; g < Groups; g++)
        {
            if (!(MathF.Abs(scales[g]) > magnitude)) continue;
            magnitude = MathF.Abs(scales[g]);
            extreme = scales[g];
        }
        if (extreme == 0)
        {
            factors.Clear();
            return 0;
        }
        float inverse = -32f / extreme;
        for (int g = 0; g < Groups; g++) factors[g] = (byte)(Math.Clamp(GroupLanes.Round(inverse * scales[g]), -32, 31) + 32);
        return 1 / inverse;
    }

    private static float WeightedFactors(Vector512<float> scales, Vector512<float> weights, Span<byte> factors)
    {
        Span<float> lanes = stackalloc float[Groups];
        Span<Vector512<float>> x = stackalloc Vector512<float>[Groups];
        Span<Vector512<float>> w = stackalloc Vector512<float>[Groups];
        Span<Vector512<float>> q = stackalloc Vector512<float>[Groups];
        scales.CopyTo(lanes);
        GroupLanes.Load(lanes, Groups, x);
        weights.CopyTo(lanes);
        GroupLanes.Load(lanes, Groups, w);
        new SymmetricFit(32).Run(x, w, q, out Vector512<float> scale);
        GroupLanes.Store(q, Groups, factors);
        return scale[0];
    }
}
