using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Lanes;

/// <summary>
/// Sixteen floats worked on together. Kernels are written once over this and get the widest registers a CPU level has; because there are sixteen lanes
/// at every level, and sums fold in one fixed order, every level computes the same bits.
/// </summary>
internal unsafe interface ILanes<T> where T : struct, ILanes<T>
{
    /// <summary>Lanes.</summary>
    const int Count = 16;

    /// <summary>Sixteen times <paramref name="value"/>.</summary>
    static abstract T Broadcast(float value);

    /// <summary>Reads 16 floats.</summary>
    static abstract T Load(float* source);

    /// <summary>Writes 16 floats.</summary>
    void Store(float* target);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract T Fma(T a, T b, T c);

    /// <summary>a + b.</summary>
    static abstract T operator +(T a, T b);

    /// <summary>a − b.</summary>
    static abstract T operator -(T a, T b);

    /// <summary>a · b.</summary>
    static abstract T operator *(T a, T b);

    /// <summary>a / b.</summary>
    static abstract T operator /(T a, T b);

    /// <summary>The larger of each pair.</summary>
    static abstract T Max(T a, T b);

    /// <summary>The smaller of each pair.</summary>
    static abstract T Min(T a, T b);

    /// <summary>|a|.</summary>
    static abstract T Abs(T a);

    /// <summary>The square root, rounded once.</summary>
    static abstract T Sqrt(T a);

    /// <summary>2ⁿ for whole n in −126 … 127; 0 for −127.</summary>
    static abstract T PowerOfTwo(T n);

    /// <summary>value · 2ⁿ by adding to its exponent, where <paramref name="shifted"/> is n + 1.5·2²³; right while the result is a normal number.</summary>
    static abstract T TimesPowerOfTwo(T value, T shifted);

    /// <summary>Sum of the lanes: halves folded onto each other, 8, 4, 2, 1 apart.</summary>
    static abstract float Sum(T a);

    /// <summary>The largest lane.</summary>
    static abstract float Largest(T a);

    /// <summary>Reads 16 IEEE halves.</summary>
    static abstract T LoadHalf(ushort* source);

    /// <summary>Writes 16 IEEE halves, rounded to nearest even; beyond 65504 infinity.</summary>
    void StoreHalf(ushort* target);

    /// <summary>Reads 16 bfloat16 values.</summary>
    static abstract T LoadBrain(ushort* source);

    /// <summary>Writes the 16 values rounded to nearest even as signed bytes (they must fit) and returns their sum.</summary>
    static abstract int StoreRounded(T a, sbyte* target);

    /// <summary>16 pairs of 16-bit integers, each of a byte of <paramref name="first"/> and one of <paramref name="second"/>, in the bits of the lanes.</summary>
    static abstract T Pairs(Vector128<sbyte> first, Vector128<sbyte> second);

    /// <summary>sum + a₀·b₀ + a₁·b₁ for each lane, whose bits are pairs of 16-bit integers in <paramref name="a"/> and <paramref name="b"/> and a 32-bit integer in the sum. No product of two −32768.</summary>
    static abstract T AddPairs(T sum, T a, T b);

    /// <summary>Pairs of 16-bit integers for <see cref="AddPairs"/> from the four bytes of each lane: the first and the third, or the second and the fourth.</summary>
    static abstract T Bytes(T quads, bool areOdd, bool areSigned);

    /// <summary>The floats nearest to the 32-bit integers in the lanes' bits.</summary>
    static abstract T FromInteger(T integers);

    /// <summary>Writes the 16 values rounded to nearest even as 16-bit integers; they must fit.</summary>
    static abstract void StoreRounded(T a, short* target);
}
