using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Lanes;

/// <summary>eˣ on sixteen lanes, the same bits at every CPU level; relative error below 2e-7 (tested against double).</summary>
internal static class Exponential
{
    /// <summary>eˣ; exactly 0 below −87.7, which masked scores rely on, and e⁸⁸ above 88.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : struct, ILanes<T>
    {
        x = T.Max(T.Min(x, T.Broadcast(88f)), T.Broadcast(-88f));
        // x = n·ln 2 + r with whole n; adding and taking away 1.5·2²³ rounds to whole numbers.
        T n = T.Fma(x, T.Broadcast(1.44269504088896341f), T.Broadcast(12582912f)) - T.Broadcast(12582912f);
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
        x = T.Max(x, T.Broadcast(-127f));
        // x = n + r with whole n, as above; the sum keeps n in its lowest bits.
        T shifted = x + T.Broadcast(12582912f);
        T r = x - (shifted - T.Broadcast(12582912f));
        // 2ʳ for |r| ≤ ½: the polynomial of degree 6 through 1 with the smallest relative error (Remez), 2.6e-9 before rounding.
        T p = T.Broadcast(1.5594678e-4f);
        p = T.Fma(p, r, T.Broadcast(1.3406643e-3f));
        p = T.Fma(p, r, T.Broadcast(9.6176928e-3f));
        p = T.Fma(p, r, T.Broadcast(5.5503104e-2f));
        p = T.Fma(p, r, T.Broadcast(0.24022652f));
        p = T.Fma(p, r, T.Broadcast(0.69314724f));
        p = T.Fma(p, r, T.Broadcast(1f));
        return T.TimesPowerOfTwo(p, shifted);
    }
}
