using System.Runtime.InteropServices;

namespace Cria.Tensors.Quantization;

/// <summary>32-bit IEEE floats, little-endian.</summary>
public sealed class F32 : BlockFormat
{
    /// <inheritdoc/>
    public override TensorType Type => TensorType.F32;

    /// <inheritdoc/>
    public override int BlockSize => 1;

    /// <inheritdoc/>
    public override int BlockBytes => 4;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => MemoryMarshal.Cast<byte, float>(blocks).CopyTo(values);

    /// <inheritdoc/>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance) => MemoryMarshal.AsBytes(values).CopyTo(blocks);
}
