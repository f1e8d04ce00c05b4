using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    private const int Groups = 16;

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
            for (int group = 0; group < Groups; group++)
            {
                float groupScale = scale * (blocks[group] & 15);
                float groupMinimum = minimum * (blocks[group] >> 4);
                ReadOnlySpan<byte> run = quants.Slice(group / 8 * 32 + group % 2 * 16, 16);
                int shift = group % 8 / 2 * 2;
                for (int i = 0; i < 16; i++) values[group * 16 + i] = groupScale * ((run[i] >> shift) & 3) - groupMinimum;
            }
        }
    }

    private const int MaximumFactor = 15;

    private static readonly AffineFit Plain = new(Levels: 3, First: -0.5f, Step: 0.1f, Trials: 16, Absolute: true);
    private static readonly AffineFit Weighted = new(Levels: 3, First: -0.9f, Step: 0.05f, Trials: 37, Absolute: false);

    /// <inheritdoc/>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        for (int done = 0; done < values.Length; done += 256, blocks = blocks[84..])
            EncodeBlock(values.Slice(done, 256), blocks[..84], importance.IsEmpty ? default : importance.Slice(done, 256));
    }

    [SkipLocalsInit]
    private static void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block, ReadOnlySpan<float> importance)
    {
        Span<Vector512<float>> x = stackalloc Vector512<float>[16];
        Span<Vector512<float>> weights = stackalloc Vector512<float>[16];
        Span<Vector512<float>> q = stackalloc Vector512<float>[16];
        GroupLanes.Load(values, 16, x);
        Vector512<float> scale, depth;
        if (importance.IsEmpty)
        {
            for (int i = 0; i < x.Length; i++) weights[i] = Vector512.Abs(x[i]);
            Plain.Run(x, weights, q, out scale, out depth);
        }
        else
        {
            GroupLanes.Load(importance, 16, weights);
            GroupLanes.Weigh(x, weights, Vector512.Create(GroupLanes.SumOfSquares(values) / 256), weights);
            Weighted.Run(x, weights, q, out scale, out depth);
        }

        Vector512<float> groupWeights = importance.IsEmpty ? default : GroupLanes.Sum(weights);
        Span<byte> s = stackalloc byte[Groups];
        Span<byte> m = stackalloc byte[Groups];
        Half blockScale = (Half)Factors(scale, groupWeights, importance.IsEmpty, s);
        Half blockDepth = (Half)Factors(depth, groupWeights, importance.IsEmpty, m);
        BinaryPrimitives.WriteHalfLittleEndian(block[80..], blockScale);
        BinaryPrimitives.WriteHalfLittleEndian(block[82..], blockDepth);
        for (int g = 0; g < Groups; g++)
        {
            block[g] = (byte)(s[g] | (m[g] << 4));
            scale = scale.WithElement(g, (float)blockScale * s[g]);
            depth = depth.WithElement(g, (float)blockDepth * m[g]);
        }
        Vector512<float> zero = Vector512.Equals(scale, Vector512<float>.Zero);
        for (int i = 0; i < x.Length; i++)
            q[i] = Vector512.ConditionalSelect(zero, q[i], GroupLanes.Round((x[i] + depth) / scale, Vector512<float>.Zero, Vector512.Create(3f)));
        Span<byte> quants = stackalloc byte[256];
        GroupLanes.Store(q, 16, quants);
        Pack(quants, block.Slice(16, 64));
    }

    /// <summary>Rounds the groups' scales or depths to four bits; returns what they are multiples of.</summary>
    private static float Factors(Vector512<float> values, Vector512<float> weights, bool plain, Span<byte> factors)
    {
        Span<float> lanes = stackalloc float[Groups];
        values.CopyTo(lanes);
        if (!plain)
        {
            Span<float> laneWeights = stackalloc float[Groups];
            weights.CopyTo(laneWeights);
            return new PositiveFit(MaximumFactor).Run(lanes, laneWeights, factors);
        }
        float maximum = 0;
        foreach (float value in lanes)
            if (value > maximum) maximum = value;
        float inverse = maximum > 0 ? MaximumFactor / maximum : 0;
        for (int g = 0; g < Groups; g++) factors[g] = (byte)(GroupLanes.Round(inverse * lanes[g]) & 15);
        return maximum / MaximumFactor;
    }

    /// <summary>Packs two bits an element; Q3_K packs its lower bits the same way.</summary>
    internal static void Pack(ReadOnlySpan<byte> quants, Span<byte> packed)
    {
        for (int i = 0; i < 64; i++)
        {
            int first = i / 32 * 128 + i % 32;
            packed[i] = (byte)((quants[first] & 3) | ((quants[first + 32] & 3) << 2) | ((quants[first + 64] & 3) << 4) | (quants[first + 96] << 6));
        }
    }
}
