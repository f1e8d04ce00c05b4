using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.Q4_K"/>.</summary>
internal sealed unsafe class Q4_KUnpacker<T>() : SuperblockUnpacker<T>(blockBytes: 144, groupSize: 32, zero: 0, hasMinimum: true, largest: 15)
    where T : struct, IRows<T>
{
    protected override void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales, float* minimums)
    {
        SixBitPairRows.Store<T>(block, rowBytes, scales, minimums);
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
        T.Turn(at, rowBytes, out T v0, out T v1, out T v2, out T v3);
        Rows.LowNibbles(v0).Store(panel);
        Rows.LowNibbles(v1).Store(panel + 64);
        Rows.LowNibbles(v2).Store(panel + 128);
        Rows.LowNibbles(v3).Store(panel + 192);
        Rows.HighNibbles(v0).Store(panel + 512);
        Rows.HighNibbles(v1).Store(panel + 576);
        Rows.HighNibbles(v2).Store(panel + 640);
        Rows.HighNibbles(v3).Store(panel + 704);
    }
}
