using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>What the unpackers share, made of <see cref="IRows{T}"/>'s operations.</summary>
internal static unsafe class Rows
{
    /// <summary>The finite F16 numbers in the lower half of each lane as F32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LowerHalves<T>(T lanes) where T : struct, IRows<T> => T.UpperHalves(T.Left(lanes, 16));

    /// <summary>The lower four bits of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LowNibbles<T>(T bytes) where T : struct, IRows<T> => bytes & T.Bytes(15);

    /// <summary>The upper four bits of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T HighNibbles<T>(T bytes) where T : struct, IRows<T> => T.Right(bytes, 4) & T.Bytes(15);

    /// <summary>Four groups' unsigned bytes, times the row's <paramref name="factor"/>: [4, 16] floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreProducts<T>(T bytes, T factor, float* to) where T : struct, IRows<T>
    {
        T low = T.Lanes(255);
        T.Product(bytes & low, factor).Store(to);
        T.Product(T.Right(bytes, 8) & low, factor).Store(to + Unpacker.PanelRows);
        T.Product(T.Right(bytes, 16) & low, factor).Store(to + 2 * Unpacker.PanelRows);
        T.Product(T.Right(bytes, 24), factor).Store(to + 3 * Unpacker.PanelRows);
    }

    /// <summary>Four groups' signed bytes, times the row's <paramref name="factor"/>: [4, 16] floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSignedProducts<T>(T bytes, T factor, float* to) where T : struct, IRows<T>
    {
        T.Product(T.RightSigned(T.Left(bytes, 24), 24), factor).Store(to);
        T.Product(T.RightSigned(T.Left(bytes, 16), 24), factor).Store(to + Unpacker.PanelRows);
        T.Product(T.RightSigned(T.Left(bytes, 8), 24), factor).Store(to + 2 * Unpacker.PanelRows);
        T.Product(T.RightSigned(bytes, 24), factor).Store(to + 3 * Unpacker.PanelRows);
    }

    /// <summary>The scales of sixteen groups, signed bytes from <paramref name="at"/> on, times the F16 number in the lower half of each lane of <paramref name="heads"/>: [16, 16] floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSixteenScales<T>(byte* at, nint rowBytes, T heads, float* to) where T : struct, IRows<T>
    {
        T.Turn(at, rowBytes, out T s0, out T s1, out T s2, out T s3);
        T scale = LowerHalves(heads);
        StoreSignedProducts(s0, scale, to);
        StoreSignedProducts(s1, scale, to + 4 * Unpacker.PanelRows);
        StoreSignedProducts(s2, scale, to + 8 * Unpacker.PanelRows);
        StoreSignedProducts(s3, scale, to + 12 * Unpacker.PanelRows);
    }

    /// <summary>Copies four bytes of four rows that lie <paramref name="rowBytes"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyFour(byte* at, nint rowBytes, uint* to)
    {
        to[0] = *(uint*)at;
        to[1] = *(uint*)(at + rowBytes);
        to[2] = *(uint*)(at + 2 * rowBytes);
        to[3] = *(uint*)(at + 3 * rowBytes);
    }

    /// <summary>Copies two bytes of four rows that lie <paramref name="rowBytes"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyFourHalves(byte* at, nint rowBytes, uint* to)
    {
        to[0] = *(ushort*)at;
        to[1] = *(ushort*)(at + rowBytes);
        to[2] = *(ushort*)(at + 2 * rowBytes);
        to[3] = *(ushort*)(at + 3 * rowBytes);
    }
}
