using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cria.Tensors.Kernels.Float;

namespace Cria.Tensors.Kernels.Gemm;

/// <summary>
/// Brings factors into the units and the order in which tiles read them. A unit is a float, or the bfloat16 of two consecutive inner columns, the first in the lower half.
/// </summary>
internal static unsafe class GemmPacking
{
    /// <summary>
    /// Units across the stored rows: <paramref name="source"/> holds inner rows <paramref name="stride"/> floats apart; the first <paramref name="width"/> of 16 columns are
    /// packed to <paramref name="target"/> [unit, 16], rows <paramref name="targetStride"/> floats apart. The rest is zero.
    /// </summary>
    public static void Across(float* source, long stride, int count, int width, float* target, int targetStride, bool brain)
    {
        if (width < 16) AcrossEdge(source, stride, count, width, target, targetStride, brain);
        else if (!brain)
        {
            for (int k = 0; k < count; k++) Vector512.Load(source + k * stride).Store(target + (long)k * targetStride);
        }
        else
        {
            int k = 0;
            for (; k + 1 < count; k += 2, target += targetStride) Pair(Vector512.Load(source + k * stride), Vector512.Load(source + (k + 1) * stride)).Store((uint*)target);
            if (k < count) Pair(Vector512.Load(source + k * stride), default).Store((uint*)target);
        }
    }

    /// <summary>Units along a stored row of <paramref name="count"/> floats, in their order.</summary>
    public static void Along(float* source, int count, float* target, bool brain)
    {
        if (!brain)
        {
            Buffer.MemoryCopy(source, target, 4L * count, 4L * count);
            return;
        }
        int k = 0;
        var pairs = (ushort*)target;
        for (; k + 32 <= count; k += 32) Vector512.Narrow(Top(Vector512.Load(source + k)), Top(Vector512.Load(source + k + 16))).Store(pairs + k);
        for (; k < count; k++) pairs[k] = (ushort)Top(Vector512.CreateScalar(source[k]))[0];
        if (count % 2 != 0) pairs[count] = 0;
    }

    /// <summary>Units along 16 stored rows (those from <paramref name="width"/> on are zero), side by side: <paramref name="target"/> [unit, 16], rows <paramref name="targetStride"/> floats apart.</summary>
    public static void AlongSixteen(float* source, long stride, int count, int width, float* target, int targetStride, bool brain)
    {
        float* square = stackalloc float[256];
        float* turned = stackalloc float[256];
        int step = brain ? 32 : 16;
        for (int k = 0; k < count; k += step)
        {
            int columns = Math.Min(step, count - k), units = brain ? (columns + 1) / 2 : columns;
            if (width < 16 || columns < step) new Span<float>(square, 256).Clear();
            for (int row = 0; row < width; row++) Along(source + row * stride + k, columns, square + 16 * row, brain);
            Transpose.Square16(square, turned);
            for (int i = 0; i < units; i++) Vector512.Load(turned + 16 * i).Store(target + (long)i * targetStride);
            target += (long)units * targetStride;
        }
    }

    private static void AcrossEdge(float* source, long stride, int count, int width, float* target, int targetStride, bool brain)
    {
        float* rows = stackalloc float[32];
        int step = brain ? 2 : 1;
        for (int k = 0; k < count; k += step, target += targetStride)
        {
            new Span<float>(rows, 32).Clear();
            for (int i = 0; i < Math.Min(step, count - k); i++) new Span<float>(source + (k + i) * stride, width).CopyTo(new Span<float>(rows + 16 * i, width));
            if (brain) Pair(Vector512.Load(rows), Vector512.Load(rows + 16)).Store((uint*)target);
            else Vector512.Load(rows).Store(target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Pair(Vector512<float> first, Vector512<float> second) => Top(first) | (Rounded(second) & Vector512.Create(0xffff0000));

    /// <summary>The upper half of each rounded float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Top(Vector512<float> value) => Vector512.ShiftRightLogical(Rounded(value), 16);

    /// <summary>Bits whose upper half is the value rounded to the nearest bfloat16, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rounded(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32();
        return bits + Vector512.Create(0x7fffu) + (Vector512.ShiftRightLogical(bits, 16) & Vector512.Create(1u));
    }
}
