using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    private const int Groups = 16;

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
            for (int group = 0; group < Groups; group++)
            {
                float groupScale = scale * (sbyte)blocks[192 + group];
                ReadOnlySpan<byte> low = blocks.Slice(group / 8 * 64 + group % 4 * 16, 16);
                ReadOnlySpan<byte> high = blocks.Slice(128 + group / 8 * 32 + group % 2 * 16, 16);
                int lowShift = group % 8 / 4 * 4, highShift = group % 8 / 2 * 2;
                for (int i = 0; i < 16; i++)
                {
                    int q = ((low[i] >> lowShift) & 15) | (((high[i] >> highShift) & 3) << 4);
                    values[group * 16 + i] = groupScale * (q - 32);
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        for (int done = 0; done < values.Length; done += 256, blocks = blocks[210..])
            EncodeBlock(values.Slice(done, 256), blocks[..210], importance.IsEmpty ? default : importance.Slice(done, 256));
    }

    [SkipLocalsInit]
    private static void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block, ReadOnlySpan<float> importance)
    {
        Span<Vector512<float>> x = stackalloc Vector512<float>[16];
        Span<Vector512<float>> weights = stackalloc Vector512<float>[16];
        Span<Vector512<float>> q = stackalloc Vector512<float>[16];
        GroupLanes.Load(values, 16, x);
        if (importance.IsEmpty)
            for (int i = 0; i < x.Length; i++) weights[i] = x[i] * x[i];
        else
            GroupLanes.Load(importance, 16, weights);
        new SymmetricFit(32).Run(x, weights, q, out Vector512<float> scales);

        float extreme = 0, magnitude = 0;
        for (int g = 0; g < Groups; g++)
        {
            if (!(MathF.Abs(scales[g]) > magnitude)) continue;
            magnitude = MathF.Abs(scales[g]);
            extreme = scales[g];
        }
        if (magnitude < SymmetricFit.Smallest)
        {
            block.Clear();
            return;
        }
        float inverse = -128f / extreme;
        Half blockScale = (Half)(1 / inverse);
        BinaryPrimitives.WriteHalfLittleEndian(block[208..], blockScale);
        Vector512<float> decoded = default;
        for (int g = 0; g < Groups; g++)
        {
            int factor = Math.Min(127, GroupLanes.Round(inverse * scales[g]));
            block[192 + g] = (byte)(sbyte)factor;
            decoded = decoded.WithElement(g, (float)blockScale * factor);
        }
        Vector512<float> zero = Vector512.Equals(decoded, Vector512<float>.Zero);
        for (int i = 0; i < x.Length; i++)
            q[i] = Vector512.ConditionalSelect(zero, q[i], GroupLanes.Round(x[i] / decoded, Vector512.Create(-32f), Vector512.Create(31f)) + Vector512.Create(32f));
        Span<byte> quants = stackalloc byte[256];
        GroupLanes.Store(q, 16, quants);
        Pack(quants, block);
    }

    private static void Pack(ReadOnlySpan<byte> quants, Span<byte> block)
    {
        for (int i = 0; i < 128; i++)
        {
            int first = i / 64 * 128 + i % 64;
            block[i] = (byte)((quants[first] & 15) | (quants[first + 64] << 4));
        }
        for (int i = 0; i < 64; i++)
        {
            int first = i / 32 * 128 + i % 32;
            block[128 + i] = (byte)((quants[first] >> 4) | (quants[first + 32] >> 4 << 2) | (quants[first + 64] >> 4 << 4) | (quants[first + 96] >> 4 << 6));
        }
    }
}
