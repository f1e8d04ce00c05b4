namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks a format with blocks of 256, <typeparamref name="T"/>'s rows at a time.</summary>
internal abstract unsafe class SuperblockUnpacker<T>(int blockBytes, int groupSize, int zero, bool hasMinimum, int largest = 0) : Unpacker(groupSize, zero, hasMinimum, largest)
    where T : struct, IRows<T>
{
    public sealed override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        int groups = 256 / GroupSize;
        for (int row = 0; row < PanelRows; row += T.Count)
        {
            byte* first = T.Rows(blocks, rowBytes, row, out nint step);
            for (int i = 0; i < columns / 256; i++)
            {
                Prefetch(ahead, blockBytes * T.Count);
                ahead += blockBytes * T.Count;
                int group = i * groups * PanelRows + row;
                Block(first + i * blockBytes, step, signed, panel + i * 256 * PanelRows + row * 4, scales + group, minimums + group);
            }
        }
    }

    /// <summary>Unpacks one block of each row; pointers are the first row's.</summary>
    protected abstract void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales, float* minimums);
}
