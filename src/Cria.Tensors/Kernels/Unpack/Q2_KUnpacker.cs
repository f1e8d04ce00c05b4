using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q2_K"/>.</summary>
internal sealed unsafe class Q2_KUnpacker<T>() : SuperblockUnpacker<T>(blockBytes: 84, groupSize: 16, zero: 0, hasMinimum: true, largest: 3)
    where T : struct, IRows<T>
{
    [SkipLocalsInit]
    protected override void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales, float* minimums)
    {
        // Scale and minimum are copied before and read after the quants: a vector load right behind the small stores would wait for them.
        uint* heads = stackalloc uint[PanelRows];
        T.Copy(block + 80, rowBytes, heads);
        for (int run = 0; run < 2; run++)
        {
            byte* at = block + 16 + run * 32, to = panel + run * 128 * PanelRows;
            Sixteen(at, rowBytes, to);
            Sixteen(at + 16, rowBytes, to + 16 * PanelRows);
        }
        T.Turn(block, rowBytes, out T g0, out T g1, out T g2, out T g3);
        T halves = T.Load(heads);
        T scale = Rows.LowerHalves(halves), minimum = T.UpperHalves(halves);
        StoreGroups(g0, scale, minimum, scales, minimums);
        StoreGroups(g1, scale, minimum, scales + 4 * PanelRows, minimums + 4 * PanelRows);
        StoreGroups(g2, scale, minimum, scales + 8 * PanelRows, minimums + 8 * PanelRows);
        StoreGroups(g3, scale, minimum, scales + 12 * PanelRows, minimums + 12 * PanelRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreGroups(T groups, T scale, T minimum, float* scales, float* minimums)
    {
        Rows.StoreProducts(Rows.LowNibbles(groups), scale, scales);
        Rows.StoreProducts(Rows.HighNibbles(groups), minimum, minimums);
    }

    /// <summary>Columns i, 32 + i, 64 + i and 96 + i of a run, i from 0 to 15.</summary>
    // Not inlined: with it the JIT runs out of locals to keep in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Sixteen(byte* at, nint rowBytes, byte* panel)
    {
        T.Turn(at, rowBytes, out T v0, out T v1, out T v2, out T v3);
        Store(v0, panel);
        Store(v1, panel + 64);
        Store(v2, panel + 128);
        Store(v3, panel + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T quants, byte* panel)
    {
        T three = T.Bytes(3);
        (quants & three).Store(panel);
        (T.Right(quants, 2) & three).Store(panel + 32 * PanelRows);
        (T.Right(quants, 4) & three).Store(panel + 64 * PanelRows);
        (T.Right(quants, 6) & three).Store(panel + 96 * PanelRows);
    }
}
