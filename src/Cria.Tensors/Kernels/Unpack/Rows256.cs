using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Eight rows in a 256-bit register; <typeparamref name="TOrder"/> is how they lie.</summary>
internal readonly unsafe struct Rows256<TOrder> : IRows<Rows256<TOrder>> where TOrder : struct, IRowOrder
{
    private readonly Vector256<byte> v;

    private Rows256(Vector256<byte> v) => this.v = v;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Rows(byte* blocks, long rowBytes, int row, out nint step) => TOrder.Rows(blocks, rowBytes, row, out step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* at, nint rowBytes, uint* to) => TOrder.Copy(at, rowBytes, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyHalf(byte* at, nint rowBytes, uint* to) => TOrder.CopyHalf(at, rowBytes, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* at, nint rowBytes, out Rows256<TOrder> v0, out Rows256<TOrder> v1, out Rows256<TOrder> v2, out Rows256<TOrder> v3)
    {
        TOrder.Turn(at, rowBytes, out Vector256<byte> t0, out Vector256<byte> t1, out Vector256<byte> t2, out Vector256<byte> t3);
        v0 = new(t0);
        v1 = new(t1);
        v2 = new(t2);
        v3 = new(t3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> Load(void* source) => new(Vector256.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* target) => v.Store((byte*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> Bytes(byte value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> Lanes(uint value) => new(Vector256.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> operator &(Rows256<TOrder> a, Rows256<TOrder> b) => new(a.v & b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> operator |(Rows256<TOrder> a, Rows256<TOrder> b) => new(a.v | b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> operator ^(Rows256<TOrder> a, Rows256<TOrder> b) => new(a.v ^ b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> operator -(Rows256<TOrder> a, Rows256<TOrder> b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> Right(Rows256<TOrder> lanes, [ConstantExpected] int count) => new((lanes.v.AsUInt32() >>> count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> RightSigned(Rows256<TOrder> lanes, [ConstantExpected] int count) => new((lanes.v.AsInt32() >> count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> Left(Rows256<TOrder> lanes, [ConstantExpected] int count) => new((lanes.v.AsUInt32() << count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> Minus(Rows256<TOrder> lanes, int value) => new((lanes.v.AsInt32() - Vector256.Create(value)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> Table(Vector128<byte> bytes) => new(Vector256.Create(bytes, bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> Look(Rows256<TOrder> table, Rows256<TOrder> indices) => new(Avx2.Shuffle(table.v, indices.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> WithBits(Rows256<TOrder> bytes, Rows256<TOrder> bits, [ConstantExpected] int four)
    {
        // Each lane's byte that holds the four bits, four times; then the bit of each byte's place.
        Vector256<byte> holders = Vector256.Create(0u, 0x04040404, 0x08080808, 0x0C0C0C0C, 0, 0x04040404, 0x08080808, 0x0C0C0C0C).AsByte() + Vector256.Create((byte)(four / 2));
        Vector256<byte> copies = Avx2.Shuffle(bits.v, holders);
        Vector256<byte> places = Vector256.Create(four % 2 == 0 ? 0x08040201u : 0x80402010u).AsByte();
        return new(bytes.v | (Vector256.Equals(copies & places, places) & Vector256.Create((byte)16)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> UpperHalves(Rows256<TOrder> lanes)
    {
        Vector256<uint> magnitude = (lanes.v.AsUInt32() >>> 3) & Vector256.Create(0x0FFFE000u);
        Vector256<float> normal = (magnitude + Vector256.Create(112u << 23)).AsSingle();
        Vector256<float> subnormal = normal + normal - Vector256.Create(6.103515625e-5f);
        Vector256<float> value = Vector256.ConditionalSelect(Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(1 << 23)).AsSingle(), subnormal, normal);
        return new((value.AsUInt32() | (lanes.v.AsUInt32() & Vector256.Create(0x80000000u))).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256<TOrder> Product(Rows256<TOrder> integers, Rows256<TOrder> factor) => new((Vector256.ConvertToSingle(integers.v.AsInt32()) * factor.v.AsSingle()).AsByte());
}
