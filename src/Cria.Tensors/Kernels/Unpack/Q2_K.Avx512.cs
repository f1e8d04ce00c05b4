using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q2_K"/>, sixteen rows at once.</summary>
internal sealed unsafe class Avx512Q2_K() : Unpacker(groupSize: 16, zero: 0, hasMinimum: true, largest: 3)
{
    public override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        for (int i = 0; i < columns / 256; i++)
        {
            Prefetch(ahead, 84 * PanelRows);
            ahead += 84 * PanelRows;
            Block(blocks, (nint)rowBytes, panel, scales, minimums);
            blocks += 84;
            panel += 256 * PanelRows;
            scales += 16 * PanelRows;
            minimums += 16 * PanelRows;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(byte* block, nint rowBytes, byte* panel, float* scales, float* minimums)
    {
        // Scale and minimum are copied before and read after the quants: a vector load right behind the small stores would wait for them.
        uint* heads = stackalloc uint[PanelRows];
        Avx512Rows.Copy(block + 80, rowBytes, heads);
        for (int run = 0; run < 2; run++)
        {
            byte* at = block + 16 + run * 32, to = panel + run * 128 * PanelRows;
            Sixteen(at, rowBytes, to);
            Sixteen(at + 16, rowBytes, to + 16 * PanelRows);
        }
        Avx512Rows.Turn(block, rowBytes, out Vector512<byte> g0, out Vector512<byte> g1, out Vector512<byte> g2, out Vector512<byte> g3);
        Vector512<uint> halves = Vector512.Load(heads);
        Vector512<float> scale = Avx512Rows.LowerHalves(halves), minimum = Avx512Rows.UpperHalves(halves);
        StoreGroups(g0, scale, minimum, scales, minimums);
        StoreGroups(g1, scale, minimum, scales + 4 * PanelRows, minimums + 4 * PanelRows);
        StoreGroups(g2, scale, minimum, scales + 8 * PanelRows, minimums + 8 * PanelRows);
        StoreGroups(g3, scale, minimum, scales + 12 * PanelRows, minimums + 12 * PanelRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreGroups(Vector512<byte> groups, Vector512<float> scale, Vector512<float> minimum, float* scales, float* minimums)
    {
        Avx512Rows.StoreProducts(Avx512Rows.LowNibbles(groups), scale, scales);
        Avx512Rows.StoreProducts(Avx512Rows.HighNibbles(groups), minimum, minimums);
    }

    /// <summary>Columns i, 32 + i, 64 + i and 96 + i of a run, i from 0 to 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(byte* at, nint rowBytes, byte* panel)
    {
        Avx512Rows.Turn(at, rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3);
        Store(v0, panel);
        Store(v1, panel + 64);
        Store(v2, panel + 128);
        Store(v3, panel + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<byte> quants, byte* panel)
    {
        Vector512<byte> three = Vector512.Create((byte)3);
        (quants & three).Store(panel);
        (Avx512Rows.Right(quants, 2) & three).Store(panel + 32 * PanelRows);
        (Avx512Rows.Right(quants, 4) & three).Store(panel + 64 * PanelRows);
        (Avx512Rows.Right(quants, 6) & three).Store(panel + 96 * PanelRows);
    }
}
