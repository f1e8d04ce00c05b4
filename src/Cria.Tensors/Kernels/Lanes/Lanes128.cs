using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Lanes;

/// <summary>Sixteen floats in four 128-bit registers.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Lanes128>
{
    private readonly Vector128<float> v0;
    private readonly Vector128<float> v1;
    private readonly Vector128<float> v2;
    private readonly Vector128<float> v3;

    private Lanes128(Vector128<float> v0, Vector128<float> v1, Vector128<float> v2, Vector128<float> v3)
    {
        this.v0 = v0;
        this.v1 = v1;
        this.v2 = v2;
        this.v3 = v3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value) => new(Vector128.Create(value), Vector128.Create(value), Vector128.Create(value), Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* source) => new(Vector128.Load(source), Vector128.Load(source + 4), Vector128.Load(source + 8), Vector128.Load(source + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target)
    {
        v0.Store(target);
        v1.Store(target + 4);
        v2.Store(target + 8);
        v3.Store(target + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Fma(Lanes128 a, Lanes128 b, Lanes128 c) => new(Vector128.FusedMultiplyAdd(a.v0, b.v0, c.v0), Vector128.FusedMultiplyAdd(a.v1, b.v1, c.v1), Vector128.FusedMultiplyAdd(a.v2, b.v2, c.v2), Vector128.FusedMultiplyAdd(a.v3, b.v3, c.v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a.v0 + b.v0, a.v1 + b.v1, a.v2 + b.v2, a.v3 + b.v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a.v0 - b.v0, a.v1 - b.v1, a.v2 - b.v2, a.v3 - b.v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a.v0 * b.v0, a.v1 * b.v1, a.v2 * b.v2, a.v3 * b.v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 a, Lanes128 b) => new(a.v0 / b.v0, a.v1 / b.v1, a.v2 / b.v2, a.v3 / b.v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 a, Lanes128 b) => new(Vector128.MaxNative(a.v0, b.v0), Vector128.MaxNative(a.v1, b.v1), Vector128.MaxNative(a.v2, b.v2), Vector128.MaxNative(a.v3, b.v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 a, Lanes128 b) => new(Vector128.MinNative(a.v0, b.v0), Vector128.MinNative(a.v1, b.v1), Vector128.MinNative(a.v2, b.v2), Vector128.MinNative(a.v3, b.v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Abs(Lanes128 a) => new(Vector128.Abs(a.v0), Vector128.Abs(a.v1), Vector128.Abs(a.v2), Vector128.Abs(a.v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Sqrt(Lanes128 a) => new(Vector128.Sqrt(a.v0), Vector128.Sqrt(a.v1), Vector128.Sqrt(a.v2), Vector128.Sqrt(a.v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 PowerOfTwo(Lanes128 n) => new(Vector128.ShiftLeft(Vector128.ConvertToInt32Native(n.v0) + Vector128.Create(127), 23).AsSingle(), Vector128.ShiftLeft(Vector128.ConvertToInt32Native(n.v1) + Vector128.Create(127), 23).AsSingle(), Vector128.ShiftLeft(Vector128.ConvertToInt32Native(n.v2) + Vector128.Create(127), 23).AsSingle(), Vector128.ShiftLeft(Vector128.ConvertToInt32Native(n.v3) + Vector128.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 TimesPowerOfTwo(Lanes128 value, Lanes128 shifted) => new((value.v0.AsInt32() + Vector128.ShiftLeft(shifted.v0.AsInt32(), 23)).AsSingle(), (value.v1.AsInt32() + Vector128.ShiftLeft(shifted.v1.AsInt32(), 23)).AsSingle(), (value.v2.AsInt32() + Vector128.ShiftLeft(shifted.v2.AsInt32(), 23)).AsSingle(), (value.v3.AsInt32() + Vector128.ShiftLeft(shifted.v3.AsInt32(), 23)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 a)
    {
        Vector128<float> four = a.v0 + a.v2 + (a.v1 + a.v3);
        return four[0] + four[2] + (four[1] + four[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes128 a)
    {
        Vector128<float> four = Vector128.MaxNative(Vector128.MaxNative(a.v0, a.v2), Vector128.MaxNative(a.v1, a.v3));
        return MathF.Max(MathF.Max(four[0], four[2]), MathF.Max(four[1], four[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadHalf(ushort* source) => new(HalfBits.ToSingle(Vector128.WidenLower(Vector64.Load(source).ToVector128())), HalfBits.ToSingle(Vector128.WidenLower(Vector64.Load(source + 4).ToVector128())), HalfBits.ToSingle(Vector128.WidenLower(Vector64.Load(source + 8).ToVector128())), HalfBits.ToSingle(Vector128.WidenLower(Vector64.Load(source + 12).ToVector128())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Pairs(Vector128<sbyte> first, Vector128<sbyte> second)
    {
        (Vector128<sbyte> low, Vector128<sbyte> high) = SignedPairs.Zip(first, second);
        (Vector128<short> s0, Vector128<short> s1) = Vector128.Widen(low);
        (Vector128<short> s2, Vector128<short> s3) = Vector128.Widen(high);
        return new(s0.AsSingle(), s1.AsSingle(), s2.AsSingle(), s3.AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AddPairs(Lanes128 sum, Lanes128 a, Lanes128 b) =>
        new(SignedPairs.Add(sum.v0, a.v0, b.v0), SignedPairs.Add(sum.v1, a.v1, b.v1), SignedPairs.Add(sum.v2, a.v2, b.v2), SignedPairs.Add(sum.v3, a.v3, b.v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Bytes(Lanes128 quads, bool areOdd, bool areSigned)
    {
        return new(Half(quads.v0), Half(quads.v1), Half(quads.v2), Half(quads.v3));

        Vector128<float> Half(Vector128<float> bytes)
        {
            Vector128<short> shifted = areOdd ? bytes.AsInt16() : Vector128.ShiftLeft(bytes.AsInt16(), 8);
            return (areSigned ? Vector128.ShiftRightArithmetic(shifted, 8) : Vector128.ShiftRightLogical(shifted, 8)).AsSingle();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 FromInteger(Lanes128 integers) =>
        new(Vector128.ConvertToSingle(integers.v0.AsInt32()), Vector128.ConvertToSingle(integers.v1.AsInt32()), Vector128.ConvertToSingle(integers.v2.AsInt32()), Vector128.ConvertToSingle(integers.v3.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRounded(Lanes128 a, short* target)
    {
        Vector128.Narrow(Rounding.ToInt32(a.v0), Rounding.ToInt32(a.v1)).Store(target);
        Vector128.Narrow(Rounding.ToInt32(a.v2), Rounding.ToInt32(a.v3)).Store(target + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadBrain(ushort* source) => new(Vector128.ShiftLeft(Vector128.WidenLower(Vector64.Load(source).ToVector128()), 16).AsSingle(), Vector128.ShiftLeft(Vector128.WidenLower(Vector64.Load(source + 4).ToVector128()), 16).AsSingle(), Vector128.ShiftLeft(Vector128.WidenLower(Vector64.Load(source + 8).ToVector128()), 16).AsSingle(), Vector128.ShiftLeft(Vector128.WidenLower(Vector64.Load(source + 12).ToVector128()), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreHalf(ushort* target)
    {
        Vector128.Narrow(HalfBits.FromSingle(v0), HalfBits.FromSingle(v1)).Store(target);
        Vector128.Narrow(HalfBits.FromSingle(v2), HalfBits.FromSingle(v3)).Store(target + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreRounded(Lanes128 a, sbyte* target)
    {
        Vector128<int> i0 = Rounding.ToInt32(a.v0), i1 = Rounding.ToInt32(a.v1), i2 = Rounding.ToInt32(a.v2), i3 = Rounding.ToInt32(a.v3);
        Vector128.Narrow(Vector128.Narrow(i0, i1), Vector128.Narrow(i2, i3)).Store(target);
        return Vector128.Sum(i0 + i1 + i2 + i3);
    }
}
