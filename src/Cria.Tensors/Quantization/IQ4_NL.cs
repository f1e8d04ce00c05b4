using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Quantization;

/// <summary>
/// 32 elements in 18 bytes: value = scale · <see cref="Levels"/>[q], q in 0…15.
/// <code>
/// byte 0..1   scale, F16
/// byte 2..17  byte i holds q of element i (low four bits) and of element i + 16 (high four bits)
/// </code>
/// </summary>
public sealed class IQ4_NL : BlockFormat
{
    /// <summary>The sixteen values a quant stands for: dense near zero, as weights are.</summary>
    public static ReadOnlySpan<sbyte> Levels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <inheritdoc/>
    public override TensorType Type => TensorType.IQ4_NL;

    /// <inheritdoc/>
    public override int BlockSize => 32;

    /// <inheritdoc/>
    public override int BlockBytes => 18;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[18..], values = values[32..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            for (int i = 0; i < 16; i++)
            {
                values[i] = scale * Levels[blocks[2 + i] & 15];
                values[i + 16] = scale * Levels[blocks[2 + i] >> 4];
            }
        }
    }

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
            int length = Math.Min(AtOnce, values.Length - done);
            GroupLanes.Load(values.Slice(done, length), 32, x);
            if (importance.IsEmpty)
            {
                for (int i = 0; i < x.Length; i++) weights[i] = x[i] * x[i];
            }
            else
            {
                Vector512<float> sum = Vector512<float>.Zero;
                foreach (Vector512<float> value in x) sum += value * value;
                GroupLanes.Load(importance.Slice(done, length), 32, weights);
                GroupLanes.Weigh(x, weights, sum * Vector512.Create(2f / 32), weights);
            }
            Vector512<float> scale = LevelFit.Run(x, weights);
            Vector512<float> inverse = Vector512.ConditionalSelect(Vector512.Equals(scale, Vector512<float>.Zero), Vector512<float>.Zero, Vector512<float>.One / scale);
            LevelFit.Nearest(inverse, x, weights);
            GroupLanes.Store(weights, 32, quants[..length]);
            for (int b = 0; b < length / 32; b++, blocks = blocks[18..])
            {
                BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)scale[b]);
                Pack(quants.Slice(b * 32, 32), blocks.Slice(2, 16));
            }
        }
    }

    /// <summary>Packs 32 quants: the first sixteen into the low halves of the bytes, the others into the high halves.</summary>
    internal static void Pack(ReadOnlySpan<byte> quants, Span<byte> packed)
    {
        for (int i = 0; i < 16; i++) packed[i] = (byte)((quants[i] & 15) | (quants[i + 16] << 4));
    }
}
