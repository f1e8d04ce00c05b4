using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>Sixteen numbers in a 256-bit register.</summary>
internal readonly unsafe struct W8A8Lanes256 : IW8A8Lanes<W8A8Lanes256>
{
    private readonly Vector256<short> v;

    private W8A8Lanes256(Vector256<short> v) => this.v = v;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes256 Load(short* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes256 Widen(sbyte* source) => new(Avx2.ConvertToVector256Int16(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(short* target) => v.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes256 Dot(W8A8Lanes256 sum, W8A8Lanes256 w, W8A8Lanes256 x) => new((AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(sum.v.AsInt32(), w.v, x.v)
        : sum.v.AsInt32() + Avx2.MultiplyAddAdjacent(w.v, x.v)).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes256 Both(W8A8Lanes256 a, W8A8Lanes256 b) => new((a.v.AsInt32() + b.v.AsInt32()).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Total(W8A8Lanes256 a, W8A8Lanes256 b, W8A8Lanes256 c, W8A8Lanes256 d)
    {
        Vector256<int> sums = Avx2.HorizontalAdd(Avx2.HorizontalAdd(a.v.AsInt32(), b.v.AsInt32()), Avx2.HorizontalAdd(c.v.AsInt32(), d.v.AsInt32()));
        return sums.GetLower() + sums.GetUpper();
    }
}
