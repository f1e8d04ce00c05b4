using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks a format with blocks of 32, sixteen rows at once; <typeparamref name="TReader"/> knows the blocks.</summary>
internal sealed unsafe class Avx512Unpacker<TReader>() : Unpacker(groupSize: 32, TReader.Zero, TReader.HasMinimum, TReader.Largest)
    where TReader : struct, IRowsReader
{
    private const int MostBlocks = 16;

    public override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        if (signed) Run(blocks, (nint)rowBytes, columns / 32, signed: true, panel, scales, minimums, ahead);
        else Run(blocks, (nint)rowBytes, columns / 32, signed: false, panel, scales, minimums, ahead);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run(byte* blocks, nint rowBytes, int count, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        // What is read a word a row is copied two blocks ahead: a vector load right behind the small stores would wait for them.
        const int lead = 2;
        uint* heads = stackalloc uint[2 * MostBlocks * PanelRows];
        uint* bits = heads + MostBlocks * PanelRows;
        for (int i = 0; i < Math.Min(lead, count); i++) CopyHead(blocks + i * TReader.BlockBytes, rowBytes, heads + i * PanelRows, bits + i * PanelRows);
        for (int i = 0; i < count; i++)
        {
            if (i + lead < count) CopyHead(blocks + lead * TReader.BlockBytes, rowBytes, heads + lead * PanelRows, bits + lead * PanelRows);
            Prefetch(ahead, TReader.BlockBytes * PanelRows);
            ahead += TReader.BlockBytes * PanelRows;
            Vector512<uint> head = Vector512.Load(heads);
            Avx512Rows.LowerHalves(head).Store(scales);
            if (TReader.HasMinimum) (-Avx512Rows.UpperHalves(head)).Store(minimums);
            TReader.Values(blocks, rowBytes, Vector512.Load(bits).AsByte(), signed, panel);
            blocks += TReader.BlockBytes;
            heads += PanelRows;
            bits += PanelRows;
            panel += 32 * PanelRows;
            scales += PanelRows;
            minimums += PanelRows;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyHead(byte* block, nint rowBytes, uint* head, uint* bits)
    {
        Avx512Rows.Copy(block, rowBytes, head);
        if (TReader.BitsAt != 0) Avx512Rows.Copy(block + TReader.BitsAt, rowBytes, bits);
    }
}
