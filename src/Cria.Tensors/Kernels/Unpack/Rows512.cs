using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Sixteen rows in a 512-bit register, which lie side by side (<see cref="SideBySide"/>).</summary>
internal readonly unsafe struct Rows512 : IRows<Rows512>
{
    private readonly Vector512<byte> v;

    private Rows512(Vector512<byte> v) => this.v = v;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Rows(byte* blocks, long rowBytes, int row, out nint step) => SideBySide.Rows(blocks, rowBytes, row, out step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* at, nint rowBytes, uint* to) => Vector512.Load((uint*)SideBySide.Address(at)).Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyHalf(byte* at, nint rowBytes, uint* to) => Avx512F.ConvertToVector512UInt32(Vector256.Load((ushort*)SideBySide.Address(at))).Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* at, nint rowBytes, out Rows512 v0, out Rows512 v1, out Rows512 v2, out Rows512 v3)
    {
        byte* words = SideBySide.Address(at);
        v0 = Load(words);
        v1 = Load(words + 64);
        v2 = Load(words + 128);
        v3 = Load(words + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 Load(void* source) => new(Vector512.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* target) => v.Store((byte*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 Bytes(byte value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 Lanes(uint value) => new(Vector512.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 operator &(Rows512 a, Rows512 b) => new(a.v & b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 operator |(Rows512 a, Rows512 b) => new(a.v | b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 operator ^(Rows512 a, Rows512 b) => new(a.v ^ b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 operator -(Rows512 a, Rows512 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 Right(Rows512 lanes, [ConstantExpected] int count) => new((lanes.v.AsUInt32() >>> count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 RightSigned(Rows512 lanes, [ConstantExpected] int count) => new((lanes.v.AsInt32() >> count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 Left(Rows512 lanes, [ConstantExpected] int count) => new((lanes.v.AsUInt32() << count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 Minus(Rows512 lanes, int value) => new((lanes.v.AsInt32() - Vector512.Create(value)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 Table(Vector128<byte> bytes)
    {
        Vector256<byte> twice = Vector256.Create(bytes, bytes);
        return new(Vector512.Create(twice, twice));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 Look(Rows512 table, Rows512 indices) => new(Avx512BW.Shuffle(table.v, indices.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 WithBits(Rows512 bytes, Rows512 bits, [ConstantExpected] int four) => new(Avx512Rows.WithBits(bytes.v, bits.v, four));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 UpperHalves(Rows512 lanes) => new(Avx512Rows.UpperHalves(lanes.v.AsUInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows512 Product(Rows512 integers, Rows512 factor) => new((Vector512.ConvertToSingle(integers.v.AsInt32()) * factor.v.AsSingle()).AsByte());
}
