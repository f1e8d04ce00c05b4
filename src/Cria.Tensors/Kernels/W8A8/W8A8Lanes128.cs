using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>Eight numbers in a 128-bit register of any processor.</summary>
internal readonly unsafe struct W8A8Lanes128 : IW8A8Lanes<W8A8Lanes128>
{
    private readonly Vector128<short> v;

    private W8A8Lanes128(Vector128<short> v) => this.v = v;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes128 Load(short* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes128 Widen(sbyte* source) => new(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(short* target) => v.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes128 Dot(W8A8Lanes128 sum, W8A8Lanes128 w, W8A8Lanes128 x)
    {
        Vector128<int> total = sum.v.AsInt32();
        if (Sse2.IsSupported) return new((total + Sse2.MultiplyAddAdjacent(w.v, x.v)).AsInt16());
        if (AdvSimd.Arm64.IsSupported) return new(AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningLowerAndAdd(total, w.v.GetLower(), x.v.GetLower()), w.v, x.v).AsInt16());
        return new((total + Vector128.WidenLower(w.v) * Vector128.WidenLower(x.v) + Vector128.WidenUpper(w.v) * Vector128.WidenUpper(x.v)).AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes128 Both(W8A8Lanes128 a, W8A8Lanes128 b) => new((a.v.AsInt32() + b.v.AsInt32()).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Total(W8A8Lanes128 a, W8A8Lanes128 b, W8A8Lanes128 c, W8A8Lanes128 d) =>
        Vector128.Create(Vector128.Sum(a.v.AsInt32()), Vector128.Sum(b.v.AsInt32()), Vector128.Sum(c.v.AsInt32()), Vector128.Sum(d.v.AsInt32()));
}
