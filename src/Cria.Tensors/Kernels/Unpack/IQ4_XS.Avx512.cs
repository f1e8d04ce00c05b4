using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Unpacks <see cref="Quantization.IQ4_XS"/>, sixteen rows at once.</summary>
internal sealed unsafe class Avx512IQ4_XS() : Unpacker(groupSize: 32, zero: 128, hasMinimum: false)
{
    public override void Unpack(byte* blocks, long rowBytes, int columns, bool signed, byte* panel, float* scales, float* minimums, byte* ahead)
    {
        for (int i = 0; i < columns / 256; i++)
        {
            Prefetch(ahead, 136 * PanelRows);
            ahead += 136 * PanelRows;
            if (signed) Block(blocks, (nint)rowBytes, signed: true, panel, scales);
            else Block(blocks, (nint)rowBytes, signed: false, panel, scales);
            blocks += 136;
            panel += 256 * PanelRows;
            scales += 8 * PanelRows;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(byte* block, nint rowBytes, bool signed, byte* panel, float* scales)
    {
        Vector512<byte> levels = Avx512IQ4_NL.Levels(signed);
        for (byte* at = block + 8; at < block + 136; at += 16, panel += 32 * PanelRows)
            Avx512IQ4_NL.Store(at, rowBytes, levels, panel);

        // Scale and upper bits of s in the first four bytes, lower four bits of s in the next four: nibble g is group g's.
        Avx512Rows.Turn(block, rowBytes, out Vector512<byte> head, out Vector512<byte> lower, out _, out _);
        Vector512<float> scale = Avx512Rows.LowerHalves(head.AsUInt32());
        Vector512<uint> two = head.AsUInt32() >>> 16, four = lower.AsUInt32();
        for (int group = 0; group < 8; group++, scales += PanelRows)
        {
            Vector512<uint> s = (four & Vector512.Create(15u)) | ((two << 4) & Vector512.Create(48u));
            (Vector512.ConvertToSingle(s.AsInt32() - Vector512.Create(32)) * scale).Store(scales);
            four >>>= 4;
            two >>>= 2;
        }
    }
}
