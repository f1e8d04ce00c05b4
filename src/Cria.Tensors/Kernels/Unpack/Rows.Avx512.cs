using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Reads the same bytes of 16 rows into 512-bit vectors, lane r for row r: what the AVX-512 unpackers are made of.</summary>
internal static unsafe class Avx512Rows
{
    /// <summary>16 bytes of each row, turned: vector i holds bytes 4·i … 4·i + 3 of row r in lane r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* at, nint rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3)
    {
        // Quarter q of t_i is row 4·q + i, so that turning 4 × 4 lanes within each quarter finishes the work.
        byte* a = at, b = at + 4 * rowBytes, c = at + 8 * rowBytes, d = b + 8 * rowBytes;
        Vector512<uint> t0 = Quarters(a, b, c, d);
        Vector512<uint> t1 = Quarters(a + rowBytes, b + rowBytes, c + rowBytes, d + rowBytes);
        Vector512<uint> t2 = Quarters(a + 2 * rowBytes, b + 2 * rowBytes, c + 2 * rowBytes, d + 2 * rowBytes);
        Vector512<uint> t3 = Quarters(a + 3 * rowBytes, b + 3 * rowBytes, c + 3 * rowBytes, d + 3 * rowBytes);
        Vector512<ulong> low01 = Avx512F.UnpackLow(t0, t1).AsUInt64(), high01 = Avx512F.UnpackHigh(t0, t1).AsUInt64();
        Vector512<ulong> low23 = Avx512F.UnpackLow(t2, t3).AsUInt64(), high23 = Avx512F.UnpackHigh(t2, t3).AsUInt64();
        v0 = Avx512F.UnpackLow(low01, low23).AsByte();
        v1 = Avx512F.UnpackHigh(low01, low23).AsByte();
        v2 = Avx512F.UnpackLow(high01, high23).AsByte();
        v3 = Avx512F.UnpackHigh(high01, high23).AsByte();
    }

    /// <summary>Copies four bytes of each row side by side: with plain moves, for the load and store ports are idle while vectors are turned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* at, nint rowBytes, uint* to)
    {
        CopyFour(at, rowBytes, to);
        CopyFour(at + 4 * rowBytes, rowBytes, to + 4);
        CopyFour(at + 8 * rowBytes, rowBytes, to + 8);
        CopyFour(at + 12 * rowBytes, rowBytes, to + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyFour(byte* at, nint rowBytes, uint* to)
    {
        to[0] = *(uint*)at;
        to[1] = *(uint*)(at + rowBytes);
        to[2] = *(uint*)(at + 2 * rowBytes);
        to[3] = *(uint*)(at + 3 * rowBytes);
    }

    /// <summary>The finite F16 numbers in the upper half of each lane as F32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> UpperHalves(Vector512<uint> lanes)
    {
        // Exponent and fraction slide to their places; the exponent's bias grows by 112. A subnormal then reads (1 + f) · 2⁻¹⁵ where f · 2⁻¹⁴ is meant.
        // No step sees a subnormal F32, which would trap into microcode: the scales of K-quants are often subnormal F16.
        Vector512<uint> magnitude = (lanes >>> 3) & Vector512.Create(0x0FFFE000u);
        Vector512<float> normal = (magnitude + Vector512.Create(112u << 23)).AsSingle();
        Vector512<float> subnormal = Vector512.FusedMultiplyAdd(normal, Vector512.Create(2f), Vector512.Create(-6.103515625e-5f));
        Vector512<float> value = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(1u << 23)).AsSingle(), subnormal, normal);
        return (value.AsUInt32() | (lanes & Vector512.Create(0x80000000u))).AsSingle();
    }

    /// <summary>The finite F16 numbers in the lower half of each lane as F32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LowerHalves(Vector512<uint> lanes) => UpperHalves(lanes << 16);

    /// <summary>Four groups' unsigned bytes, times the row's <paramref name="factor"/>: [4, 16] floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreProducts(Vector512<byte> bytes, Vector512<float> factor, float* to)
    {
        Vector512<uint> lanes = bytes.AsUInt32(), low = Vector512.Create(255u);
        (Vector512.ConvertToSingle((lanes & low).AsInt32()) * factor).Store(to);
        (Vector512.ConvertToSingle(((lanes >>> 8) & low).AsInt32()) * factor).Store(to + 16);
        (Vector512.ConvertToSingle(((lanes >>> 16) & low).AsInt32()) * factor).Store(to + 32);
        (Vector512.ConvertToSingle((lanes >>> 24).AsInt32()) * factor).Store(to + 48);
    }

    /// <summary>Four groups' signed bytes, times the row's <paramref name="factor"/>: [4, 16] floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSignedProducts(Vector512<byte> bytes, Vector512<float> factor, float* to)
    {
        Vector512<int> lanes = bytes.AsInt32();
        (Vector512.ConvertToSingle((lanes << 24) >> 24) * factor).Store(to);
        (Vector512.ConvertToSingle((lanes << 16) >> 24) * factor).Store(to + 16);
        (Vector512.ConvertToSingle((lanes << 8) >> 24) * factor).Store(to + 32);
        (Vector512.ConvertToSingle(lanes >> 24) * factor).Store(to + 48);
    }

    /// <summary>Shifts the bits of each lane right; bits that come from the next byte are the caller's to mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Right(Vector512<byte> bytes, [ConstantExpected] int count) => (bytes.AsUInt32() >>> count).AsByte();

    /// <summary>Shifts the bits of each lane left; bits that come from the byte before are the caller's to mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Left(Vector512<byte> bytes, [ConstantExpected] int count) => (bytes.AsUInt32() << count).AsByte();

    /// <summary>The lower four bits of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> LowNibbles(Vector512<byte> bytes) => bytes & Vector512.Create((byte)15);

    /// <summary>The upper four bits of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> HighNibbles(Vector512<byte> bytes) => Right(bytes, 4) & Vector512.Create((byte)15);

    /// <summary>Adds 16 to byte i of each lane where bit 4 · <paramref name="four"/> + i of the lane of <paramref name="bits"/> is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> WithBits(Vector512<byte> bytes, Vector512<byte> bits, [ConstantExpected] int four)
    {
        // Each lane's byte that holds the four bits, four times; then the bit of each byte's place.
        Vector512<byte> firsts = Vector512.Create(0u, 0x04040404, 0x08080808, 0x0C0C0C0C, 0, 0x04040404, 0x08080808, 0x0C0C0C0C, 0, 0x04040404, 0x08080808, 0x0C0C0C0C, 0, 0x04040404, 0x08080808, 0x0C0C0C0C).AsByte();
        Vector512<byte> copies = Avx512BW.Shuffle(bits, firsts + Vector512.Create((byte)(four / 2)));
        Vector512<byte> places = Vector512.Create(four % 2 == 0 ? 0x08040201u : 0x80402010u).AsByte();
        return Vector512.ConditionalSelect(Vector512.Equals(copies & places, Vector512<byte>.Zero), bytes, bytes + Vector512.Create((byte)16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Quarters(byte* a, byte* b, byte* c, byte* d)
    {
        Vector512<byte> rows = Vector128.Load(a).ToVector256Unsafe().ToVector512Unsafe();
        rows = Avx512F.InsertVector128(rows, Vector128.Load(b), 1);
        rows = Avx512F.InsertVector128(rows, Vector128.Load(c), 2);
        return Avx512F.InsertVector128(rows, Vector128.Load(d), 3).AsUInt32();
    }
}
