using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Four rows in a 128-bit register of any processor.</summary>
internal readonly unsafe struct Rows128 : IRows<Rows128>
{
    private readonly Vector128<byte> v;

    private Rows128(Vector128<byte> v) => this.v = v;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Rows(byte* blocks, long rowBytes, int row, out nint step)
    {
        step = (nint)rowBytes;
        return blocks + row * rowBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* at, nint rowBytes, uint* to) => Unpack.Rows.CopyFour(at, rowBytes, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyHalf(byte* at, nint rowBytes, uint* to) => Unpack.Rows.CopyFourHalves(at, rowBytes, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* at, nint rowBytes, out Rows128 v0, out Rows128 v1, out Rows128 v2, out Rows128 v3)
    {
        Vector128<uint> t0 = Vector128.Load((uint*)at), t1 = Vector128.Load((uint*)(at + rowBytes));
        Vector128<uint> t2 = Vector128.Load((uint*)(at + 2 * rowBytes)), t3 = Vector128.Load((uint*)(at + 3 * rowBytes));
        Vector128<ulong> low01 = ZipLow(t0, t1), high01 = ZipHigh(t0, t1), low23 = ZipLow(t2, t3), high23 = ZipHigh(t2, t3);
        v0 = new(Vector128.Create(low01.GetLower(), low23.GetLower()).AsByte());
        v1 = new(Vector128.Create(low01.GetUpper(), low23.GetUpper()).AsByte());
        v2 = new(Vector128.Create(high01.GetLower(), high23.GetLower()).AsByte());
        v3 = new(Vector128.Create(high01.GetUpper(), high23.GetUpper()).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 Load(void* source) => new(Vector128.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* target) => v.Store((byte*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 Bytes(byte value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 Lanes(uint value) => new(Vector128.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 operator &(Rows128 a, Rows128 b) => new(a.v & b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 operator |(Rows128 a, Rows128 b) => new(a.v | b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 operator ^(Rows128 a, Rows128 b) => new(a.v ^ b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 operator -(Rows128 a, Rows128 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 Right(Rows128 lanes, [ConstantExpected] int count) => new((lanes.v.AsUInt32() >>> count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 RightSigned(Rows128 lanes, [ConstantExpected] int count) => new((lanes.v.AsInt32() >> count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 Left(Rows128 lanes, [ConstantExpected] int count) => new((lanes.v.AsUInt32() << count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 Minus(Rows128 lanes, int value) => new((lanes.v.AsInt32() - Vector128.Create(value)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 Table(Vector128<byte> bytes) => new(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 Look(Rows128 table, Rows128 indices) => new(Vector128.ShuffleNative(table.v, indices.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 WithBits(Rows128 bytes, Rows128 bits, [ConstantExpected] int four)
    {
        // Each lane's byte that holds the four bits, four times; then the bit of each byte's place.
        Vector128<byte> holders = Vector128.Create(0u, 0x04040404, 0x08080808, 0x0C0C0C0C).AsByte() + Vector128.Create((byte)(four / 2));
        Vector128<byte> copies = Vector128.ShuffleNative(bits.v, holders);
        Vector128<byte> places = Vector128.Create(four % 2 == 0 ? 0x08040201u : 0x80402010u).AsByte();
        return new(bytes.v | (Vector128.Equals(copies & places, places) & Vector128.Create((byte)16)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 UpperHalves(Rows128 lanes)
    {
        Vector128<uint> magnitude = (lanes.v.AsUInt32() >>> 3) & Vector128.Create(0x0FFFE000u);
        Vector128<float> normal = (magnitude + Vector128.Create(112u << 23)).AsSingle();
        Vector128<float> subnormal = normal + normal - Vector128.Create(6.103515625e-5f);
        Vector128<float> value = Vector128.ConditionalSelect(Vector128.LessThan(magnitude.AsInt32(), Vector128.Create(1 << 23)).AsSingle(), subnormal, normal);
        return new((value.AsUInt32() | (lanes.v.AsUInt32() & Vector128.Create(0x80000000u))).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows128 Product(Rows128 integers, Rows128 factor) => new((Vector128.ConvertToSingle(integers.v.AsInt32()) * factor.v.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> ZipLow(Vector128<uint> a, Vector128<uint> b)
    {
        if (Sse2.IsSupported) return Sse2.UnpackLow(a, b).AsUInt64();
        return (AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b) : Vector128.Create(a[0], b[0], a[1], b[1])).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> ZipHigh(Vector128<uint> a, Vector128<uint> b)
    {
        if (Sse2.IsSupported) return Sse2.UnpackHigh(a, b).AsUInt64();
        return (AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b) : Vector128.Create(a[2], b[2], a[3], b[3])).AsUInt64();
    }
}
