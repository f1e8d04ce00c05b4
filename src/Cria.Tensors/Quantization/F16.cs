using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
        ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(blocks);
        while (halves.Length >= Vector256<ushort>.Count)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Create(halves));
            Widen(low).CopyTo(values);
            Widen(high).CopyTo(values[8..]);
            halves = halves[Vector256<ushort>.Count..];
            values = values[Vector256<ushort>.Count..];
        }
        for (int i = 0; i < halves.Length; i++) values[i] = (float)BitConverter.UInt16BitsToHalf(halves[i]);
    }

    /// <inheritdoc/>
    protected override void EncodeRun(ReadOnlySpan<float> values, Span<byte> blocks, ReadOnlySpan<float> importance)
    {
        Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(blocks);
        while (values.Length >= Vector256<ushort>.Count)
        {
            Vector256.Narrow(Narrow(Vector256.Create(values)), Narrow(Vector256.Create(values[8..]))).CopyTo(halves);
            values = values[Vector256<ushort>.Count..];
            halves = halves[Vector256<ushort>.Count..];
        }
        for (int i = 0; i < values.Length; i++) halves[i] = BitConverter.HalfToUInt16Bits((Half)values[i]);
    }

    /// <summary>Moves exponent and fraction into a float's places and corrects the exponent by a multiplication, which also normalizes subnormal numbers.</summary>
    private static Vector256<float> Widen(Vector256<uint> half)
    {
        Vector256<uint> magnitude = half & Vector256.Create(0x7fffu);
        Vector256<uint> sign = (half ^ magnitude) << 16;
        Vector256<float> scaled = (magnitude << 13).AsSingle() * Vector256.Create(0x77800000u).AsSingle();
        Vector256<uint> special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7c00u));
        return (Vector256.ConditionalSelect(special, (magnitude << 13) | Vector256.Create(0x7f800000u), scaled.AsUInt32()) | sign).AsSingle();
    }

    /// <summary>
    /// Adds a power of two chosen so that the sum's last bit is the half's last bit: the addition itself rounds to nearest, ties to even.
    /// NaN keeps its sign and becomes quiet.
    /// </summary>
    private static Vector256<uint> Narrow(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> sign = (bits >> 16) & Vector256.Create(0x8000u);
        Vector256<uint> magnitude = bits & Vector256.Create(0x7fffffffu);
        // 2¹¹² sends what is too large for a half to infinity, 2⁻¹¹⁰ takes the rest to a quarter of its size; the exponents below make up for it.
        Vector256<float> quarter = magnitude.AsSingle() * Vector256.Create(0x77800000u).AsSingle() * Vector256.Create(0x08800000u).AsSingle();
        Vector256<uint> exponent = Vector256.Max(magnitude & Vector256.Create(0x7f800000u), Vector256.Create(0x38800000u));
        Vector256<uint> sum = ((exponent + Vector256.Create(0x07800000u)).AsSingle() + quarter).AsUInt32();
        Vector256<uint> half = ((sum >> 13) & Vector256.Create(0x7c00u)) + (sum & Vector256.Create(0xfffu));
        Vector256<uint> nan = Vector256.GreaterThan(magnitude, Vector256.Create(0x7f800000u));
        return Vector256.ConditionalSelect(nan, Vector256.Create(0x7e00u), half) | sign;
    }
}
