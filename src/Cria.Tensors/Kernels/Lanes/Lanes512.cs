using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Lanes;

/// <summary>Sixteen floats in one 512-bit register.</summary>
internal readonly unsafe struct Lanes512 : ILanes<Lanes512>
{
    private readonly Vector512<float> v0;

    private Lanes512(Vector512<float> v0)
    {
        this.v0 = v0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target)
    {
        v0.Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Fma(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.FusedMultiplyAdd(a.v0, b.v0, c.v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 a, Lanes512 b) => new(a.v0 + b.v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 a, Lanes512 b) => new(a.v0 - b.v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 a, Lanes512 b) => new(a.v0 * b.v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator /(Lanes512 a, Lanes512 b) => new(a.v0 / b.v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.MaxNative(a.v0, b.v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Min(Lanes512 a, Lanes512 b) => new(Vector512.MinNative(a.v0, b.v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Abs(Lanes512 a) => new(Vector512.Abs(a.v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Sqrt(Lanes512 a) => new(Vector512.Sqrt(a.v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 PowerOfTwo(Lanes512 n) => new(Vector512.ShiftLeft(Vector512.ConvertToInt32Native(n.v0) + Vector512.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 TimesPowerOfTwo(Lanes512 value, Lanes512 shifted) => new((value.v0.AsInt32() + Vector512.ShiftLeft(shifted.v0.AsInt32(), 23)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes512 a) => Fold(a.v0.GetLower() + a.v0.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Fold(Vector256<float> eight)
    {
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        return four[0] + four[2] + (four[1] + four[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes512 a)
    {
        Vector256<float> eight = Vector256.MaxNative(a.v0.GetLower(), a.v0.GetUpper());
        Vector128<float> four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[2]), MathF.Max(four[1], four[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadHalf(ushort* source) => new(HalfBits.ToSingle(Widen512(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Pairs(Vector128<sbyte> first, Vector128<sbyte> second)
    {
        (Vector128<sbyte> low, Vector128<sbyte> high) = SignedPairs.Zip(first, second);
        if (Avx512BW.IsSupported) return new(Avx512BW.ConvertToVector512Int16(Vector256.Create(low, high)).AsSingle());
        (Vector128<short> s0, Vector128<short> s1) = Vector128.Widen(low);
        (Vector128<short> s2, Vector128<short> s3) = Vector128.Widen(high);
        return new(Vector512.Create(Vector256.Create(s0, s1), Vector256.Create(s2, s3)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddPairs(Lanes512 sum, Lanes512 a, Lanes512 b)
    {
        if (Avx512BW.IsSupported) return new((sum.v0.AsInt32() + Avx512BW.MultiplyAddAdjacent(a.v0.AsInt16(), b.v0.AsInt16())).AsSingle());
        return new(Vector512.Create(Half(sum.v0.GetLower(), a.v0.GetLower(), b.v0.GetLower()), Half(sum.v0.GetUpper(), a.v0.GetUpper(), b.v0.GetUpper())));

        static Vector256<float> Half(Vector256<float> sum, Vector256<float> a, Vector256<float> b) =>
            Vector256.Create(SignedPairs.Add(sum.GetLower(), a.GetLower(), b.GetLower()), SignedPairs.Add(sum.GetUpper(), a.GetUpper(), b.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Bytes(Lanes512 quads, bool areOdd, bool areSigned)
    {
        return new(Half(quads.v0));

        Vector512<float> Half(Vector512<float> bytes)
        {
            Vector512<short> shifted = areOdd ? bytes.AsInt16() : Vector512.ShiftLeft(bytes.AsInt16(), 8);
            return (areSigned ? Vector512.ShiftRightArithmetic(shifted, 8) : Vector512.ShiftRightLogical(shifted, 8)).AsSingle();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 FromInteger(Lanes512 integers) => new(Vector512.ConvertToSingle(integers.v0.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRounded(Lanes512 a, short* target)
    {
        Vector512<int> whole = Rounding.ToInt32(a.v0);
        Vector256.Narrow(whole.GetLower(), whole.GetUpper()).Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadBrain(ushort* source) => new(Vector512.ShiftLeft(Widen512(source), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreHalf(ushort* target) => Vector256.Narrow(HalfBits.FromSingle(v0).GetLower(), HalfBits.FromSingle(v0).GetUpper()).Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreRounded(Lanes512 a, sbyte* target)
    {
        Vector512<int> whole = Rounding.ToInt32(a.v0);
        Vector256<short> words = Vector256.Narrow(whole.GetLower(), whole.GetUpper());
        Vector128.Narrow(words.GetLower(), words.GetUpper()).Store(target);
        return Vector512.Sum(whole);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Widen512(ushort* source)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512UInt32(Vector256.Load(source));
        (Vector256<uint> lower, Vector256<uint> upper) = Vector256.Widen(Vector256.Load(source));
        return Vector512.Create(lower, upper);
    }
}
