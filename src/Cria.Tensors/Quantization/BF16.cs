using System.Runtime.InteropServices;

namespace Cria.Tensors.Quantization;

/// <summary>The upper half of a 32-bit float; encoding rounds to nearest, ties to even, and keeps NaN quiet.</summary>
public sealed class BF16 : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.BF16;

    /// <inheritdoc/>
    public override int BlockSize => 1;

    /// <inheritdoc/>
    public override int BlockBytes => 2;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        ReadOnlySpan<ushort> upper = MemoryMarshal.Cast<byte, ushort>(blocks);
        for (int i = 0; i < upper.Length; i++) values[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
    }

    /// <inheritdoc/>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        Span<ushort> upper = MemoryMarshal.Cast<byte, ushort>(blocks);
        for (int i = 0; i < values.Length; i++) upper[i] = FromSingle(values[i]);
    }

    /// <summary>Rounds one float.</summary>
    internal static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}
