using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q4_K"/>, sixteen rows at once.</summary>
internal sealed unsafe class Avx512Q4_K() : Unpacker(groupSize: 32, zero: 0, hasMinimum: true, largest: 15)
{
    public override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        for (int i = 0; i < columns / 256; i++)
        {
            Prefetch(ahead, 144 * PanelRows);
            ahead += 144 * PanelRows;
            Block(blocks, (nint)rowBytes, panel, scales, minimums);
            blocks += 144;
            panel += 256 * PanelRows;
            scales += 8 * PanelRows;
            minimums += 8 * PanelRows;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(byte* block, nint rowBytes, byte* panel, float* scales, float* minimums)
    {
        Avx512SixBitPairs.Store(block, rowBytes, scales, minimums);
        block += 16;
        for (int run = 0; run < 4; run++, block += 32, panel += 64 * PanelRows)
        {
            Sixteen(block, rowBytes, panel);
            Sixteen(block + 16, rowBytes, panel + 16 * PanelRows);
        }
    }

    /// <summary>16 bytes of a run: 16 columns of one group (low halves) and of the next (high halves).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(byte* at, nint rowBytes, byte* panel)
    {
        Avx512Rows.Turn(at, rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3);
        Avx512Rows.LowNibbles(v0).Store(panel);
        Avx512Rows.LowNibbles(v1).Store(panel + 64);
        Avx512Rows.LowNibbles(v2).Store(panel + 128);
        Avx512Rows.LowNibbles(v3).Store(panel + 192);
        Avx512Rows.HighNibbles(v0).Store(panel + 512);
        Avx512Rows.HighNibbles(v1).Store(panel + 576);
        Avx512Rows.HighNibbles(v2).Store(panel + 640);
        Avx512Rows.HighNibbles(v3).Store(panel + 704);
    }
}
