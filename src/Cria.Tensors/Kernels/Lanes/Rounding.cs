using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Lanes;

/// <summary>Rounding to whole numbers, to nearest even, for values within ±2²².</summary>
internal static class Rounding
{
    /// <summary>The nearest whole numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ToInt32(Vector512<float> value) => (value + Vector512.Create(12582912f)).AsInt32() - Vector512.Create(0x4b400000);

    /// <summary>The nearest whole numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ToInt32(Vector256<float> value) => (value + Vector256.Create(12582912f)).AsInt32() - Vector256.Create(0x4b400000);

    /// <summary>The nearest whole numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ToInt32(Vector128<float> value) => (value + Vector128.Create(12582912f)).AsInt32() - Vector128.Create(0x4b400000);
}
