using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Lanes;

/// <summary>Products of pairs of 16-bit integers in 128 bits, with the instruction of x86 or by shifts.</summary>
internal static class SignedPairs
{
    /// <summary>Bytes of both in turn: the first eight of each, and the last eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<sbyte> Low, Vector128<sbyte> High) Zip(Vector128<sbyte> first, Vector128<sbyte> second)
    {
        if (Sse2.IsSupported) return (Sse2.UnpackLow(first, second), Sse2.UnpackHigh(first, second));
        return ((Vector128.WidenLower(first.AsByte()) | Vector128.ShiftLeft(Vector128.WidenLower(second.AsByte()), 8)).AsSByte(),
            (Vector128.WidenUpper(first.AsByte()) | Vector128.ShiftLeft(Vector128.WidenUpper(second.AsByte()), 8)).AsSByte());
    }

    /// <inheritdoc cref="ILanes{T}.AddPairs"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> sum, Vector128<float> a, Vector128<float> b)
    {
        if (Sse2.IsSupported) return (sum.AsInt32() + Sse2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16())).AsSingle();
        Vector128<int> x = a.AsInt32(), y = b.AsInt32();
        return (sum.AsInt32() + ((x << 16) >> 16) * ((y << 16) >> 16) + (x >> 16) * (y >> 16)).AsSingle();
    }
}
