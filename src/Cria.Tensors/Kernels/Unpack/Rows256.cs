using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Eight rows in a 256-bit register.</summary>
internal readonly unsafe struct Rows256 : IRows<Rows256>
{
    private readonly Vector256<byte> v;

    private Rows256(Vector256<byte> v) => this.v = v;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* at, nint rowBytes, out Rows256 v0, out Rows256 v1, out Rows256 v2, out Rows256 v3)
    {
        // Quarter q of t_i is row 4·q + i, so that turning 4 × 4 lanes within each quarter finishes the work.
        byte* a = at, b = at + 4 * rowBytes;
        Vector256<uint> t0 = Quarters(a, b);
        Vector256<uint> t1 = Quarters(a + rowBytes, b + rowBytes);
        Vector256<uint> t2 = Quarters(a + 2 * rowBytes, b + 2 * rowBytes);
        Vector256<uint> t3 = Quarters(a + 3 * rowBytes, b + 3 * rowBytes);
        Vector256<ulong> low01 = Avx2.UnpackLow(t0, t1).AsUInt64(), high01 = Avx2.UnpackHigh(t0, t1).AsUInt64();
        Vector256<ulong> low23 = Avx2.UnpackLow(t2, t3).AsUInt64(), high23 = Avx2.UnpackHigh(t2, t3).AsUInt64();
        v0 = new(Avx2.UnpackLow(low01, low23).AsByte());
        v1 = new(Avx2.UnpackHigh(low01, low23).AsByte());
        v2 = new(Avx2.UnpackLow(high01, high23).AsByte());
        v3 = new(Avx2.UnpackHigh(high01, high23).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 Load(void* source) => new(Vector256.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* target) => v.Store((byte*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 Bytes(byte value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 Lanes(uint value) => new(Vector256.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 operator &(Rows256 a, Rows256 b) => new(a.v & b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 operator |(Rows256 a, Rows256 b) => new(a.v | b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 operator ^(Rows256 a, Rows256 b) => new(a.v ^ b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 operator -(Rows256 a, Rows256 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 Right(Rows256 lanes, [ConstantExpected] int count) => new((lanes.v.AsUInt32() >>> count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 RightSigned(Rows256 lanes, [ConstantExpected] int count) => new((lanes.v.AsInt32() >> count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 Left(Rows256 lanes, [ConstantExpected] int count) => new((lanes.v.AsUInt32() << count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 Minus(Rows256 lanes, int value) => new((lanes.v.AsInt32() - Vector256.Create(value)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 Table(Vector128<byte> bytes) => new(Vector256.Create(bytes, bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 Look(Rows256 table, Rows256 indices) => new(Avx2.Shuffle(table.v, indices.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 WithBits(Rows256 bytes, Rows256 bits, [ConstantExpected] int four)
    {
        // Each lane's byte that holds the four bits, four times; then the bit of each byte's place.
        Vector256<byte> holders = Vector256.Create(0u, 0x04040404, 0x08080808, 0x0C0C0C0C, 0, 0x04040404, 0x08080808, 0x0C0C0C0C).AsByte() + Vector256.Create((byte)(four / 2));
        Vector256<byte> copies = Avx2.Shuffle(bits.v, holders);
        Vector256<byte> places = Vector256.Create(four % 2 == 0 ? 0x08040201u : 0x80402010u).AsByte();
        return new(bytes.v | (Vector256.Equals(copies & places, places) & Vector256.Create((byte)16)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 UpperHalves(Rows256 lanes)
    {
        Vector256<uint> magnitude = (lanes.v.AsUInt32() >>> 3) & Vector256.Create(0x0FFFE000u);
        Vector256<float> normal = (magnitude + Vector256.Create(112u << 23)).AsSingle();
        Vector256<float> subnormal = normal + normal - Vector256.Create(6.103515625e-5f);
        Vector256<float> value = Vector256.ConditionalSelect(Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(1 << 23)).AsSingle(), subnormal, normal);
        return new((value.AsUInt32() | (lanes.v.AsUInt32() & Vector256.Create(0x80000000u))).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows256 Product(Rows256 integers, Rows256 factor) => new((Vector256.ConvertToSingle(integers.v.AsInt32()) * factor.v.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Quarters(byte* a, byte* b) => Vector256.Create(Vector128.Load(a), Vector128.Load(b)).AsUInt32();
}
