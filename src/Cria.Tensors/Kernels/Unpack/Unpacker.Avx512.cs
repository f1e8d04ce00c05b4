using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks a format with blocks of 32, sixteen rows at once; <typeparamref name="TReader"/> knows the blocks.</summary>
internal sealed unsafe class Avx512Unpacker<TReader>() : Unpacker(groupSize: 32, TReader.Zero, TReader.HasMinimum)
    where TReader : struct, IRowsReader
{
    private const int MostBlocks = 16;

    public override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums)
    {
        if (signed) Run(blocks, (nint)rowBytes, columns / 32, signed: true, panel, scales, minimums);
        else Run(blocks, (nint)rowBytes, columns / 32, signed: false, panel, scales, minimums);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run(byte* blocks, nint rowBytes, int count, bool signed, byte* panel, float* scales, float* minimums)
    {
        // What is read a word a row is copied two blocks ahead: a vector load right behind the small stores would wait for them.
        const int ahead = 2;
        uint* heads = stackalloc uint[2 * MostBlocks * PanelRows];
        uint* bits = heads + MostBlocks * PanelRows;
        for (int i = 0; i < Math.Min(ahead, count); i++) CopyHead(blocks + i * TReader.BlockBytes, rowBytes, heads + i * PanelRows, bits + i * PanelRows);
        for (int i = 0; i < count; i++)
        {
            if (i + ahead < count) CopyHead(blocks + ahead * TReader.BlockBytes, rowBytes, heads + ahead * PanelRows, bits + ahead * PanelRows);
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
