using System.Runtime.InteropServices;

namespace Cria.Tensors.Quantization;

/// <summary>16-bit IEEE floats, little-endian; encoding rounds to nearest, ties to even.</summary>
public sealed class F16 : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.F16;

    /// <inheritdoc/>
    public override int BlockSize => 1;

    /// <inheritdoc/>
    public override int BlockBytes => 2;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(blocks);
        for (int i = 0; i < halves.Length; i++) values[i] = (float)halves[i];
    }

    /// <inheritdoc/>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        Span<Half> halves = MemoryMarshal.Cast<byte, Half>(blocks);
        for (int i = 0; i < values.Length; i++) halves[i] = (Half)values[i];
    }
}
