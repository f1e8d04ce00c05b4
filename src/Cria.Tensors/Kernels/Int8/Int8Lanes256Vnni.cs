using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>Eight rows in a 256-bit register, with the VNNI of processors without AVX-512.</summary>
internal readonly unsafe struct Int8Lanes256Vnni : IInt8Lanes<Int8Lanes256Vnni>
{
    private readonly Vector256<byte> v;

    private Int8Lanes256Vnni(Vector256<byte> v) => this.v = v;

    public static int Rows => 8;

    public static bool SignedPanel => false;

    public static bool HasPairs => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256Vnni Load(void* source) => new(Vector256.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* target) => v.Store((byte*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256Vnni Broadcast(void* source) => new(Vector256.Create(*(int*)source).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256Vnni Dot(Int8Lanes256Vnni sum, Int8Lanes256Vnni weights, Int8Lanes256Vnni x) => new(AvxVnni.MultiplyWideningAndAdd(sum.v.AsInt32(), weights.v, x.v.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256Vnni Sum(Int8Lanes256Vnni a, Int8Lanes256Vnni b) => new((a.v.AsInt32() + b.v.AsInt32()).AsByte());

    public static Int8Lanes256Vnni Pairs(Int8Lanes256Vnni sum, Int8Lanes256Vnni weights, Int8Lanes256Vnni x) => throw new NotSupportedException();

    public static Int8Lanes256Vnni AddPairs(Int8Lanes256Vnni sum, Int8Lanes256Vnni pairs) => throw new NotSupportedException();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256Vnni AddScaled(Int8Lanes256Vnni sum, Int8Lanes256Vnni integer, Int8Lanes256Vnni scale, Int8Lanes256Vnni xScale) => new(Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(integer.v.AsInt32()), scale.v.AsSingle() * xScale.v.AsSingle(), sum.v.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Int8Lanes256Vnni SubtractProduct(Int8Lanes256Vnni sum, Int8Lanes256Vnni a, Int8Lanes256Vnni b) => new(Vector256.FusedMultiplyAdd(-a.v.AsSingle(), b.v.AsSingle(), sum.v.AsSingle()).AsByte());
}
