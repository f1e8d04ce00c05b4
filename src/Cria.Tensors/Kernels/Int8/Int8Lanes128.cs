using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>Four rows in a 128-bit register of any processor.</summary>
internal readonly unsafe struct Int8Lanes128 : IInt8Lanes<Int8Lanes128>
{
    private readonly Vector128<byte> v;

    private Int8Lanes128(Vector128<byte> v) => this.v = v;

    public static int Rows => 4;

    public static bool SignedPanel => true;

    public static bool HasPairs => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes128 Load(void* source) => new(Vector128.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* target) => v.Store((byte*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes128 Broadcast(void* source) => new(Vector128.Create(*(int*)source).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes128 Dot(Int8Lanes128 sum, Int8Lanes128 weights, Int8Lanes128 x)
    {
        if (Dp.IsSupported) return new(Dp.DotProduct(sum.v.AsInt32(), weights.v.AsSByte(), x.v.AsSByte()).AsByte());
        // Two products of −128 · 127 still fit 16 bits: even bytes and odd bytes are multiplied apart, then both halves of each lane are added.
        Vector128<short> w = weights.v.AsInt16(), b = x.v.AsInt16();
        Vector128<int> pairs = (((w << 8) >> 8) * ((b << 8) >> 8) + (w >> 8) * (b >> 8)).AsInt32();
        return new((sum.v.AsInt32() + ((pairs << 16) >> 16) + (pairs >> 16)).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes128 Sum(Int8Lanes128 a, Int8Lanes128 b) => new((a.v.AsInt32() + b.v.AsInt32()).AsByte());

    public static Int8Lanes128 Pairs(Int8Lanes128 sum, Int8Lanes128 weights, Int8Lanes128 x) => throw new NotSupportedException();

    public static Int8Lanes128 AddPairs(Int8Lanes128 sum, Int8Lanes128 pairs) => throw new NotSupportedException();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes128 AddScaled(Int8Lanes128 sum, Int8Lanes128 integer, Int8Lanes128 scale, Int8Lanes128 xScale) => new(Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(integer.v.AsInt32()), scale.v.AsSingle() * xScale.v.AsSingle(), sum.v.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes128 SubtractProduct(Int8Lanes128 sum, Int8Lanes128 a, Int8Lanes128 b) => new(Vector128.FusedMultiplyAdd(-a.v.AsSingle(), b.v.AsSingle(), sum.v.AsSingle()).AsByte());
}
