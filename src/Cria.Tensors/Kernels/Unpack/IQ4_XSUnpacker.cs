namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.IQ4_XS"/>.</summary>
internal sealed unsafe class IQ4_XSUnpacker<T>() : SuperblockUnpacker<T>(blockBytes: 136, groupSize: 32, zero: 128, hasMinimum: false)
    where T : struct, IRows<T>
{
    protected override void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales, float* minimums)
    {
        T levels = IQ4_NLReader.Levels<T>(signed);
        for (byte* at = block + 8; at < block + 136; at += 16, panel += 32 * PanelRows)
            IQ4_NLReader.Store(at, rowBytes, levels, panel);

        // Scale and upper bits of s in the first four bytes, lower four bits of s in the next four: nibble g is group g's.
        T.Turn(block, rowBytes, out T head, out T lower, out _, out _);
        T scale = Rows.LowerHalves(head);
        T two = T.Right(head, 16);
        for (int group = 0; group < 8; group++, scales += PanelRows)
        {
            T s = (lower & T.Lanes(15)) | (T.Left(two, 4) & T.Lanes(48));
            T.Product(T.Minus(s, 32), scale).Store(scales);
            lower = T.Right(lower, 4);
            two = T.Right(two, 2);
        }
    }
}
