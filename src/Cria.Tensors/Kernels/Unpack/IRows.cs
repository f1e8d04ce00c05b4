using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>One vector register as the unpackers use it: 32 bits of each of <see cref="Count"/> rows, as four bytes, an integer or a float. Unpackers are written once over it.</summary>
internal unsafe interface IRows<T> where T : struct, IRows<T>
{
    /// <summary>Rows: 4, 8 or 16.</summary>
    static abstract int Count { get; }

    /// <summary>The rows from <paramref name="row"/> on: what the other reading operations take as a place in the first of them and as bytes from row to row.</summary>
    static abstract byte* Rows(byte* blocks, long rowBytes, int row, out nint step);

    /// <summary>Copies four bytes of each row side by side: with plain moves, for the load and store ports are idle while vectors are turned.</summary>
    static abstract void Copy(byte* at, nint rowBytes, uint* to);

    /// <summary>The same with two bytes of each row, in the lower half of four.</summary>
    static abstract void CopyHalf(byte* at, nint rowBytes, uint* to);

    /// <summary>Reads 16 bytes of each row: vector i gets bytes 4·i … 4·i + 3 of row r in lane r.</summary>
    static abstract void Turn(byte* at, nint rowBytes, out T v0, out T v1, out T v2, out T v3);

    /// <summary>Reads a vector.</summary>
    static abstract T Load(void* source);

    /// <summary>Writes a vector.</summary>
    void Store(void* target);

    /// <summary>The same byte everywhere.</summary>
    static abstract T Bytes(byte value);

    /// <summary>The same 32 bits in every lane.</summary>
    static abstract T Lanes(uint value);

    /// <summary>Bits of both.</summary>
    static abstract T operator &(T a, T b);

    /// <summary>Bits of either.</summary>
    static abstract T operator |(T a, T b);

    /// <summary>Bits of one alone.</summary>
    static abstract T operator ^(T a, T b);

    /// <summary>a − b, byte by byte.</summary>
    static abstract T operator -(T a, T b);

    /// <summary>Shifts the bits of each lane right; bits that come from the next byte are the caller's to mask.</summary>
    static abstract T Right(T lanes, [ConstantExpected] int count);

    /// <summary>Shifts each lane right as a signed integer.</summary>
    static abstract T RightSigned(T lanes, [ConstantExpected] int count);

    /// <summary>Shifts the bits of each lane left; bits that come from the byte before are the caller's to mask.</summary>
    static abstract T Left(T lanes, [ConstantExpected] int count);

    /// <summary>Each lane as an integer, less <paramref name="value"/>.</summary>
    static abstract T Minus(T lanes, int value);

    /// <summary>Sixteen bytes for <see cref="Look"/>.</summary>
    static abstract T Table(Vector128<byte> bytes);

    /// <summary>The table's byte for each index from 0 to 15.</summary>
    static abstract T Look(T table, T indices);

    /// <summary>Adds 16 to byte i (15 at most) of each lane where bit 4 · <paramref name="four"/> + i of the lane of <paramref name="bits"/> is set.</summary>
    static abstract T WithBits(T bytes, T bits, [ConstantExpected] int four);

    /// <summary>The finite F16 numbers in the upper half of each lane as F32.</summary>
    /// <remarks>
    /// Exponent and fraction slide to their places; the exponent's bias grows by 112. A subnormal then reads (1 + f) · 2⁻¹⁵ where f · 2⁻¹⁴ is meant.
    /// No step sees a subnormal F32, which would trap into microcode: the scales of K-quants are often subnormal F16.
    /// </remarks>
    static abstract T UpperHalves(T lanes);

    /// <summary>float(integer) · factor.</summary>
    static abstract T Product(T integers, T factor);
}
