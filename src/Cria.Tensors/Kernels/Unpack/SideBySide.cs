using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>
/// Rows side by side (<see cref="InterleavedRows"/>), where what is one byte of a row is sixteen bytes of memory. So that places in a block are the same sums as where rows lie
/// one after another, pointers are sixteenths of addresses (<see cref="Pointer"/>); the step is the place of the first row's word in its sixteen.
/// </summary>
internal readonly unsafe struct SideBySide : IRowOrder
{
    /// <summary>What stands for an address, a multiple of 16.</summary>
    public static byte* Pointer(byte* address) => (byte*)((nint)address / InterleavedRows.Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Rows(byte* blocks, long rowBytes, int row, out nint step)
    {
        step = sizeof(uint) * row;
        return blocks;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* at, nint step, uint* to) => Vector256.Load((uint*)(Address(at) + step)).Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyHalf(byte* at, nint step, uint* to)
    {
        (Vector128<uint> first, Vector128<uint> second) = Vector128.Widen(Vector128.Load((ushort*)(Address(at) + step / 2)));
        first.Store(to);
        second.Store(to + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* at, nint step, out Vector256<byte> v0, out Vector256<byte> v1, out Vector256<byte> v2, out Vector256<byte> v3)
    {
        byte* words = Address(at) + step;
        v0 = Vector256.Load(words);
        v1 = Vector256.Load(words + 64);
        v2 = Vector256.Load(words + 128);
        v3 = Vector256.Load(words + 192);
    }

    /// <summary>The address that a pointer stands for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Address(byte* pointer) => (byte*)((nint)pointer * InterleavedRows.Count);
}
