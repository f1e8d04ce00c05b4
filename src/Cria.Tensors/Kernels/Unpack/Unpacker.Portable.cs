using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks any format row by row with 128-bit vectors; <typeparamref name="TReader"/> knows the blocks.</summary>
internal sealed unsafe class PortableUnpacker<TReader>() : Unpacker(TReader.GroupSize, TReader.Zero, TReader.HasMinimum)
    where TReader : struct, IBlockReader
{
    public override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        var offset = Vector128.Create((byte)(signed ? TReader.Zero : 0));
        int blockCount = columns / TReader.BlockSize, groups = TReader.BlockSize / TReader.GroupSize;
        for (int row = 0; row < PanelRows; row++)
        {
            byte* block = blocks + row * rowBytes;
            uint* column = (uint*)panel + row; // four columns of this row; the next four lie 16 further
            float* scale = scales + row;
            float* minimum = minimums + row;
            for (int i = 0; i < blockCount; i++, block += TReader.BlockBytes)
            {
                for (int group = 0; group < groups; group++, scale += PanelRows, minimum += PanelRows)
                {
                    *scale = TReader.Scale(block, group);
                    if (TReader.HasMinimum) *minimum = TReader.Minimum(block, group);
                }
                for (int part = 0; part < TReader.BlockSize / 16; part++, column += 4 * PanelRows)
                {
                    Vector128<uint> values = (TReader.Values(block, part) - offset).AsUInt32();
                    column[0] = values[0];
                    column[PanelRows] = values[1];
                    column[2 * PanelRows] = values[2];
                    column[3 * PanelRows] = values[3];
                }
            }
        }
    }
}
