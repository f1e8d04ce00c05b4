using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Lanes;

/// <summary>IEEE halves by integer arithmetic, because .NET offers no conversion instruction: exact for every value, subnormals, infinities and NaN included.</summary>
internal static class HalfBits
{
    /// <summary>Halves in the lower 16 bits of each element, as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToSingle(Vector512<uint> half)
    {
        Vector512<uint> magnitude = Vector512.ShiftLeft(half & Vector512.Create(0x7fffu), 13);
        // The exponent's bias differs by 112; the product is exact and also normalises subnormals.
        Vector512<uint> scaled = (magnitude.AsSingle() * Vector512.Create(5.192296858534828e33f)).AsUInt32();
        Vector512<uint> special = Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(0x7c00u << 13)) & Vector512.Create(0x7f800000u);
        return (scaled | special | Vector512.ShiftLeft(half & Vector512.Create(0x8000u), 16)).AsSingle();
    }

    /// <summary>Floats as halves in the lower 16 bits of each element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> FromSingle(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32();
        Vector512<uint> sign = Vector512.ShiftRightLogical(bits, 16) & Vector512.Create(0x8000u);
        Vector512<uint> magnitude = bits & Vector512.Create(0x7fffffffu);
        // Normal halves: rebias, then round the 13 bits that go; a carry into the exponent is right, up to infinity.
        Vector512<uint> odd = Vector512.ShiftRightLogical(magnitude, 13) & Vector512.Create(1u);
        Vector512<uint> normal = Vector512.ShiftRightLogical(magnitude - Vector512.Create(112u << 23) + Vector512.Create(0xfffu) + odd, 13);
        // Subnormal halves: adding one half leaves the multiple of 2⁻²⁴ in the lower bits, rounded by the addition.
        Vector512<uint> subnormal = (magnitude.AsSingle() + Vector512.Create(0.5f)).AsUInt32() - Vector512.Create(0x3f000000u);
        Vector512<uint> result = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(113u << 23)), subnormal, normal);
        result = Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(0x477ff000u)), Vector512.Create(0x7c00u), result);
        result = Vector512.ConditionalSelect(Vector512.GreaterThan(magnitude, Vector512.Create(0x7f800000u)), Vector512.Create(0x7e00u), result);
        return result | sign;
    }

    /// <summary>Halves in the lower 16 bits of each element, as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSingle(Vector256<uint> half)
    {
        Vector256<uint> magnitude = Vector256.ShiftLeft(half & Vector256.Create(0x7fffu), 13);
        // The exponent's bias differs by 112; the product is exact and also normalises subnormals.
        Vector256<uint> scaled = (magnitude.AsSingle() * Vector256.Create(5.192296858534828e33f)).AsUInt32();
        Vector256<uint> special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7c00u << 13)) & Vector256.Create(0x7f800000u);
        return (scaled | special | Vector256.ShiftLeft(half & Vector256.Create(0x8000u), 16)).AsSingle();
    }

    /// <summary>Floats as halves in the lower 16 bits of each element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> FromSingle(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> sign = Vector256.ShiftRightLogical(bits, 16) & Vector256.Create(0x8000u);
        Vector256<uint> magnitude = bits & Vector256.Create(0x7fffffffu);
        // Normal halves: rebias, then round the 13 bits that go; a carry into the exponent is right, up to infinity.
        Vector256<uint> odd = Vector256.ShiftRightLogical(magnitude, 13) & Vector256.Create(1u);
        Vector256<uint> normal = Vector256.ShiftRightLogical(magnitude - Vector256.Create(112u << 23) + Vector256.Create(0xfffu) + odd, 13);
        // Subnormal halves: adding one half leaves the multiple of 2⁻²⁴ in the lower bits, rounded by the addition.
        Vector256<uint> subnormal = (magnitude.AsSingle() + Vector256.Create(0.5f)).AsUInt32() - Vector256.Create(0x3f000000u);
        Vector256<uint> result = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(113u << 23)), subnormal, normal);
        result = Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x477ff000u)), Vector256.Create(0x7c00u), result);
        result = Vector256.ConditionalSelect(Vector256.GreaterThan(magnitude, Vector256.Create(0x7f800000u)), Vector256.Create(0x7e00u), result);
        return result | sign;
    }

    /// <summary>Halves in the lower 16 bits of each element, as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToSingle(Vector128<uint> half)
    {
        Vector128<uint> magnitude = Vector128.ShiftLeft(half & Vector128.Create(0x7fffu), 13);
        // The exponent's bias differs by 112; the product is exact and also normalises subnormals.
        Vector128<uint> scaled = (magnitude.AsSingle() * Vector128.Create(5.192296858534828e33f)).AsUInt32();
        Vector128<uint> special = Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(0x7c00u << 13)) & Vector128.Create(0x7f800000u);
        return (scaled | special | Vector128.ShiftLeft(half & Vector128.Create(0x8000u), 16)).AsSingle();
    }

    /// <summary>Floats as halves in the lower 16 bits of each element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> FromSingle(Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32();
        Vector128<uint> sign = Vector128.ShiftRightLogical(bits, 16) & Vector128.Create(0x8000u);
        Vector128<uint> magnitude = bits & Vector128.Create(0x7fffffffu);
        // Normal halves: rebias, then round the 13 bits that go; a carry into the exponent is right, up to infinity.
        Vector128<uint> odd = Vector128.ShiftRightLogical(magnitude, 13) & Vector128.Create(1u);
        Vector128<uint> normal = Vector128.ShiftRightLogical(magnitude - Vector128.Create(112u << 23) + Vector128.Create(0xfffu) + odd, 13);
        // Subnormal halves: adding one half leaves the multiple of 2⁻²⁴ in the lower bits, rounded by the addition.
        Vector128<uint> subnormal = (magnitude.AsSingle() + Vector128.Create(0.5f)).AsUInt32() - Vector128.Create(0x3f000000u);
        Vector128<uint> result = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(113u << 23)), subnormal, normal);
        result = Vector128.ConditionalSelect(Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(0x477ff000u)), Vector128.Create(0x7c00u), result);
        result = Vector128.ConditionalSelect(Vector128.GreaterThan(magnitude, Vector128.Create(0x7f800000u)), Vector128.Create(0x7e00u), result);
        return result | sign;
    }
}
