using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Lanes;

/// <summary>eˣ on sixteen lanes, the same bits at every CPU level; relative error below 2e-7 (tested against double).</summary>
internal static class Exponential
{
    /// <summary>Where <see cref="Exp2{T}"/> ends: below it is 0.</summary>
    public const float LeastPower = -127f;

    /// <summary>1.5·2²³: adding it and taking it away rounds to whole numbers.</summary>
    public const float Rounder = 12582912f;

    // 2ʳ for |r| ≤ ½: the polynomial of degree 6 through 1 with the smallest relative error (Remez), 2.6e-9 before rounding.
    private const float P6 = 1.5594678e-4f, P5 = 1.3406643e-3f, P4 = 9.6176928e-3f, P3 = 5.5503104e-2f, P2 = 0.24022652f, P1 = 0.69314724f, P0 = 1f;

    /// <summary>The polynomial of <see cref="Exp2{T}"/>, highest power first, for code that is assembled.</summary>
    public static ReadOnlySpan<float> Polynomial => [P6, P5, P4, P3, P2, P1, P0];

    /// <summary>eˣ; exactly 0 below −87.7, which masked scores rely on, and e⁸⁸ above 88.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : struct, ILanes<T>
    {
        x = T.Max(T.Min(x, T.Broadcast(88f)), T.Broadcast(-88f));
        // x = n·ln 2 + r with whole n.
        T n = T.Fma(x, T.Broadcast(1.44269504088896341f), T.Broadcast(Rounder)) - T.Broadcast(Rounder);
        T r = T.Fma(n, T.Broadcast(-0.693359375f), x);
        r = T.Fma(n, T.Broadcast(2.12194440e-4f), r);
        // eʳ for |r| ≤ ln 2 / 2: Taylor's series with the coefficients 1/k! to r⁷.
        T p = T.Broadcast(1.9841270e-4f);
        p = T.Fma(p, r, T.Broadcast(1.3888889e-3f));
        p = T.Fma(p, r, T.Broadcast(8.3333333e-3f));
        p = T.Fma(p, r, T.Broadcast(4.1666667e-2f));
        p = T.Fma(p, r, T.Broadcast(1.6666667e-1f));
        p = T.Fma(p, r, T.Broadcast(0.5f));
        p = T.Fma(p, r, T.Broadcast(1f));
        p = T.Fma(p, r, T.Broadcast(1f));
        return p * T.PowerOfTwo(n);
    }

    /// <summary>
    /// 2ˣ for x ≤ 127; relative error below 2e-7, exactly 1 at 0 and exactly 0 from −127 down, which masked scores rely on; between −127 and −126 some number in 0 … 2⁻¹²⁶.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp2<T>(T x) where T : struct, ILanes<T>
    {
        x = T.Max(x, T.Broadcast(LeastPower));
        // x = n + r with whole n, as above; the sum keeps n in its lowest bits.
        T shifted = x + T.Broadcast(Rounder);
        T r = x - (shifted - T.Broadcast(Rounder));
        T p = T.Broadcast(P6);
        p = T.Fma(p, r, T.Broadcast(P5));
        p = T.Fma(p, r, T.Broadcast(P4));
        p = T.Fma(p, r, T.Broadcast(P3));
        p = T.Fma(p, r, T.Broadcast(P2));
        p = T.Fma(p, r, T.Broadcast(P1));
        p = T.Fma(p, r, T.Broadcast(P0));
        return T.TimesPowerOfTwo(p, shifted);
    }
}
