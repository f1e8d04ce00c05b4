using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>Eight rows in a 256-bit register.</summary>
internal readonly unsafe struct Int8Lanes256 : IInt8Lanes<Int8Lanes256>
{
    private readonly Vector256<byte> v;

    private Int8Lanes256(Vector256<byte> v) => this.v = v;

    public static int Rows => 8;

    public static bool SignedPanel => false;

    public static bool HasPairs => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256 Load(void* source) => new(Vector256.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* target) => v.Store((byte*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256 Broadcast(void* source) => new(Vector256.Create(*(int*)source).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256 Dot(Int8Lanes256 sum, Int8Lanes256 weights, Int8Lanes256 x)
    {
        Vector256<sbyte> values = (weights.v ^ Vector256.Create((byte)128)).AsSByte();
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(Avx2.Abs(values), Avx2.Sign(x.v.AsSByte(), values));
        return AddPairs(sum, new(pairs.AsByte()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256 Sum(Int8Lanes256 a, Int8Lanes256 b) => new((a.v.AsInt32() + b.v.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256 Pairs(Int8Lanes256 sum, Int8Lanes256 weights, Int8Lanes256 x) => new((sum.v.AsInt16() + Avx2.MultiplyAddAdjacent(weights.v, x.v.AsSByte())).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256 AddPairs(Int8Lanes256 sum, Int8Lanes256 pairs) => new((sum.v.AsInt32() + Avx2.MultiplyAddAdjacent(pairs.v.AsInt16(), Vector256<short>.One)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256 AddScaled(Int8Lanes256 sum, Int8Lanes256 integer, Int8Lanes256 scale, Int8Lanes256 xScale) => new(Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(integer.v.AsInt32()), scale.v.AsSingle() * xScale.v.AsSingle(), sum.v.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256 SubtractProduct(Int8Lanes256 sum, Int8Lanes256 a, Int8Lanes256 b) => new(Vector256.FusedMultiplyAdd(-a.v.AsSingle(), b.v.AsSingle(), sum.v.AsSingle()).AsByte());
}
