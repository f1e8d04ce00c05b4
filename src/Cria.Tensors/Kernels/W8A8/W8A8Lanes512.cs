using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>Thirty-two numbers in a 512-bit register.</summary>
internal readonly unsafe struct W8A8Lanes512 : IW8A8Lanes<W8A8Lanes512>
{
    private readonly Vector512<short> v;

    private W8A8Lanes512(Vector512<short> v) => this.v = v;

    public static int Count => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes512 Load(short* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes512 Widen(sbyte* source) => new(Avx512BW.ConvertToVector512Int16(Vector256.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(short* target) => v.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes512 Dot(W8A8Lanes512 sum, W8A8Lanes512 w, W8A8Lanes512 x) => new((sum.v.AsInt32() + Avx512BW.MultiplyAddAdjacent(w.v, x.v)).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W8A8Lanes512 Both(W8A8Lanes512 a, W8A8Lanes512 b) => new((a.v.AsInt32() + b.v.AsInt32()).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Total(W8A8Lanes512 a, W8A8Lanes512 b, W8A8Lanes512 c, W8A8Lanes512 d)
    {
        Vector256<int> sums = Avx2.HorizontalAdd(Avx2.HorizontalAdd(Half(a), Half(b)), Avx2.HorizontalAdd(Half(c), Half(d)));
        return sums.GetLower() + sums.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Half(W8A8Lanes512 a) => a.v.GetLower().AsInt32() + a.v.GetUpper().AsInt32();
}
