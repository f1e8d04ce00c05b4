using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks a format with blocks of 32; <typeparamref name="TReader"/> knows the blocks, <typeparamref name="T"/> is the processor's vector.</summary>
internal sealed unsafe class BlockUnpacker<TReader, T>() : Unpacker(groupSize: 32, TReader.Zero, TReader.HasMinimum, TReader.Largest)
    where TReader : struct, IBlockReader
    where T : struct, IRows<T>
{
    private const int MostBlocks = 16;

    public override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        int blockCount = columns / 32;
        for (int row = 0; row < PanelRows; row += T.Count)
        {
            byte* first = T.Rows(blocks, rowBytes, row, out nint step);
            if (signed) Run(first, step, blockCount, signed: true, panel + row * 4, scales + row, minimums + row, ahead);
            else Run(first, step, blockCount, signed: false, panel + row * 4, scales + row, minimums + row, ahead);
            ahead += blockCount * TReader.BlockBytes * T.Count;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run(byte* blocks, nint rowBytes, int count, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        // What is read a word or half a row is copied two blocks ahead: a vector load right behind the small stores would wait for them.
        const int lead = 2;
        uint* heads = stackalloc uint[2 * MostBlocks * PanelRows];
        uint* bits = heads + MostBlocks * PanelRows;
        for (int i = 0; i < Math.Min(lead, count); i++) CopyHead(blocks + i * TReader.BlockBytes, rowBytes, heads + i * PanelRows, bits + i * PanelRows);
        for (int i = 0; i < count; i++)
        {
            if (i + lead < count) CopyHead(blocks + lead * TReader.BlockBytes, rowBytes, heads + lead * PanelRows, bits + lead * PanelRows);
            Prefetch(ahead, TReader.BlockBytes * T.Count);
            ahead += TReader.BlockBytes * T.Count;
            T head = T.Load(heads);
            Rows.LowerHalves(head).Store(scales);
            if (TReader.HasMinimum) (T.UpperHalves(head) ^ T.Lanes(0x80000000)).Store(minimums);
            TReader.Values(blocks, rowBytes, TReader.BitsAt != 0 ? T.Load(bits) : default, signed, panel);
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
        if (TReader.HasMinimum) T.Copy(block, rowBytes, head);
        else T.CopyHalf(block, rowBytes, head);
        if (TReader.BitsAt != 0) T.Copy(block + TReader.BitsAt, rowBytes, bits);
    }
}
