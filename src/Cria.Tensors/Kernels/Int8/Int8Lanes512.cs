using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>Sixteen rows in a 512-bit register, without VNNI.</summary>
internal readonly unsafe struct Int8Lanes512 : IInt8Lanes<Int8Lanes512>
{
    private readonly Vector512<byte> v;

    private Int8Lanes512(Vector512<byte> v) => this.v = v;

    public static int Rows => 16;

    public static bool SignedPanel => false;

    public static bool HasPairs => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes512 Load(void* source) => new(Vector512.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* target) => v.Store((byte*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes512 Broadcast(void* source) => new(Vector512.Create(*(int*)source).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes512 Dot(Int8Lanes512 sum, Int8Lanes512 weights, Int8Lanes512 x)
    {
        Vector512<sbyte> values = (weights.v ^ Vector512.Create((byte)128)).AsSByte(), b = x.v.AsSByte();
        Vector512<sbyte> signs = Vector512.ConditionalSelect(Vector512.LessThan(values, Vector512<sbyte>.Zero), -b, b);
        return AddPairs(sum, new(Avx512BW.MultiplyAddAdjacent(Avx512BW.Abs(values), signs).AsByte()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes512 Sum(Int8Lanes512 a, Int8Lanes512 b) => new((a.v.AsInt32() + b.v.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes512 Pairs(Int8Lanes512 sum, Int8Lanes512 weights, Int8Lanes512 x) => new((sum.v.AsInt16() + Avx512BW.MultiplyAddAdjacent(weights.v, x.v.AsSByte())).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes512 AddPairs(Int8Lanes512 sum, Int8Lanes512 pairs) => new((sum.v.AsInt32() + Avx512BW.MultiplyAddAdjacent(pairs.v.AsInt16(), Vector512<short>.One)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes512 AddScaled(Int8Lanes512 sum, Int8Lanes512 integer, Int8Lanes512 scale, Int8Lanes512 xScale) => new(Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(integer.v.AsInt32()), scale.v.AsSingle() * xScale.v.AsSingle(), sum.v.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes512 SubtractProduct(Int8Lanes512 sum, Int8Lanes512 a, Int8Lanes512 b) => new(Vector512.FusedMultiplyAdd(-a.v.AsSingle(), b.v.AsSingle(), sum.v.AsSingle()).AsByte());
}
