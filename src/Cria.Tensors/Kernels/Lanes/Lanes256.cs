using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Lanes;

/// <summary>Sixteen floats in two 256-bit registers.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Lanes256>
{
    private readonly Vector256<float> v0;
    private readonly Vector256<float> v1;

    private Lanes256(Vector256<float> v0, Vector256<float> v1)
    {
        this.v0 = v0;
        this.v1 = v1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new(Vector256.Load(source), Vector256.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target)
    {
        v0.Store(target);
        v1.Store(target + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Fma(Lanes256 a, Lanes256 b, Lanes256 c) => new(Vector256.FusedMultiplyAdd(a.v0, b.v0, c.v0), Vector256.FusedMultiplyAdd(a.v1, b.v1, c.v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a.v0 + b.v0, a.v1 + b.v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a.v0 - b.v0, a.v1 - b.v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(a.v0 * b.v0, a.v1 * b.v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(a.v0 / b.v0, a.v1 / b.v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Vector256.MaxNative(a.v0, b.v0), Vector256.MaxNative(a.v1, b.v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 a, Lanes256 b) => new(Vector256.MinNative(a.v0, b.v0), Vector256.MinNative(a.v1, b.v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Abs(Lanes256 a) => new(Vector256.Abs(a.v0), Vector256.Abs(a.v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Sqrt(Lanes256 a) => new(Vector256.Sqrt(a.v0), Vector256.Sqrt(a.v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 PowerOfTwo(Lanes256 n) => new(Vector256.ShiftLeft(Vector256.ConvertToInt32Native(n.v0) + Vector256.Create(127), 23).AsSingle(), Vector256.ShiftLeft(Vector256.ConvertToInt32Native(n.v1) + Vector256.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 TimesPowerOfTwo(Lanes256 value, Lanes256 shifted) => new((value.v0.AsInt32() + Vector256.ShiftLeft(shifted.v0.AsInt32(), 23)).AsSingle(), (value.v1.AsInt32() + Vector256.ShiftLeft(shifted.v1.AsInt32(), 23)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 a)
    {
        Vector256<float> eight = a.v0 + a.v1;
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        return four[0] + four[2] + (four[1] + four[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes256 a)
    {
        Vector256<float> eight = Vector256.MaxNative(a.v0, a.v1);
        Vector128<float> four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[2]), MathF.Max(four[1], four[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadHalf(ushort* source) => new(HalfBits.ToSingle(Widen256(source)), HalfBits.ToSingle(Widen256(source + 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Pairs(Vector128<sbyte> first, Vector128<sbyte> second)
    {
        (Vector128<sbyte> low, Vector128<sbyte> high) = SignedPairs.Zip(first, second);
        if (Avx2.IsSupported) return new(Avx2.ConvertToVector256Int16(low).AsSingle(), Avx2.ConvertToVector256Int16(high).AsSingle());
        (Vector128<short> s0, Vector128<short> s1) = Vector128.Widen(low);
        (Vector128<short> s2, Vector128<short> s3) = Vector128.Widen(high);
        return new(Vector256.Create(s0, s1).AsSingle(), Vector256.Create(s2, s3).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddPairs(Lanes256 sum, Lanes256 a, Lanes256 b)
    {
        if (Avx2.IsSupported)
        {
            return new(
                (sum.v0.AsInt32() + Avx2.MultiplyAddAdjacent(a.v0.AsInt16(), b.v0.AsInt16())).AsSingle(),
                (sum.v1.AsInt32() + Avx2.MultiplyAddAdjacent(a.v1.AsInt16(), b.v1.AsInt16())).AsSingle());
        }
        return new(
            Vector256.Create(SignedPairs.Add(sum.v0.GetLower(), a.v0.GetLower(), b.v0.GetLower()), SignedPairs.Add(sum.v0.GetUpper(), a.v0.GetUpper(), b.v0.GetUpper())),
            Vector256.Create(SignedPairs.Add(sum.v1.GetLower(), a.v1.GetLower(), b.v1.GetLower()), SignedPairs.Add(sum.v1.GetUpper(), a.v1.GetUpper(), b.v1.GetUpper())));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Bytes(Lanes256 quads, bool areOdd, bool areSigned)
    {
        return new(Half(quads.v0), Half(quads.v1));

        Vector256<float> Half(Vector256<float> bytes)
        {
            Vector256<short> shifted = areOdd ? bytes.AsInt16() : Vector256.ShiftLeft(bytes.AsInt16(), 8);
            return (areSigned ? Vector256.ShiftRightArithmetic(shifted, 8) : Vector256.ShiftRightLogical(shifted, 8)).AsSingle();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 FromInteger(Lanes256 integers) => new(Vector256.ConvertToSingle(integers.v0.AsInt32()), Vector256.ConvertToSingle(integers.v1.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRounded(Lanes256 a, short* target) => Vector256.Narrow(Rounding.ToInt32(a.v0), Rounding.ToInt32(a.v1)).Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadBrain(ushort* source) => new(Vector256.ShiftLeft(Widen256(source), 16).AsSingle(), Vector256.ShiftLeft(Widen256(source + 8), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreHalf(ushort* target) => Vector256.Narrow(HalfBits.FromSingle(v0), HalfBits.FromSingle(v1)).Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreRounded(Lanes256 a, sbyte* target)
    {
        Vector256<int> low = Rounding.ToInt32(a.v0), high = Rounding.ToInt32(a.v1);
        Vector256<short> words = Vector256.Narrow(low, high);
        Vector128.Narrow(words.GetLower(), words.GetUpper()).Store(target);
        return Vector256.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Widen256(ushort* source)
    {
        (Vector128<uint> lower, Vector128<uint> upper) = Vector128.Widen(Vector128.Load(source));
        return Vector256.Create(lower, upper);
    }
}
