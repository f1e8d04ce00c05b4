using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>Direct products by VNNI's vpdpbusd, one format a method, of rows that lie side by side: the block layouts are those of <see cref="Quantization"/>.</summary>
internal static class VnniDirect
{
    /// <summary><see cref="Quantization.Q4_0"/>.</summary>
    public static Assembler Q4_0(DirectRows layout, int tile)
    {
        var rows = new VnniRows(blockBytes: 18, layout, tile);
        Assembler c = rows.Code;
        AssemblerRegisterZMM low = zmm0, high = zmm1, scale = zmm4, mask = zmm30;
        return rows.Loop(blocksOf32: 1, stackBytes: 0, () =>
        {
            rows.Start(low, 0);
            c.vpxord(high, high, high);
            for (int i = 0; i < 4; i++) MultiplyNibbles(rows, 2 + (4 * i), mask, low, 4 * i, high, 16 + (4 * i));
            c.vpaddd(low, low, high);
            rows.Halves(0, scale);
            rows.AddScaled(low, scale, 0);
        }, constants: () => rows.Heads.Bytes(mask, 15));
    }

    /// <summary><see cref="Quantization.Q8_0"/>: bytes are taken as byte + 128, which sums start without.</summary>
    public static Assembler Q8_0(DirectRows layout, int tile)
    {
        var rows = new VnniRows(blockBytes: 34, layout, tile);
        Assembler c = rows.Code;
        AssemblerRegisterZMM bytes = zmm2, scale = zmm4, flip = zmm30;
        AssemblerRegisterZMM[] sums = [zmm0, zmm1];
        return rows.Loop(blocksOf32: 1, stackBytes: 0, () =>
        {
            rows.Start(sums[0], 0);
            c.vpxord(sums[1], sums[1], sums[1]);
            for (int i = 0; i < 8; i++)
            {
                c.vpxord(bytes, flip, VnniRows.Word(2 + (4 * i)));
                c.vpdpbusd(sums[i % 2], bytes, rows.Four(4 * i));
            }
            c.vpaddd(sums[0], sums[0], sums[1]);
            rows.Halves(0, scale);
            rows.AddScaled(sums[0], scale, 0);
        }, constants: () => rows.Heads.Bytes(flip, 128));
    }

    /// <summary><see cref="Quantization.Q4_K"/>.</summary>
    public static Assembler Q4_K(DirectRows layout, int tile)
    {
        var rows = new VnniRows(blockBytes: 144, layout, tile);
        Assembler c = rows.Code;
        AssemblerRegisterZMM low = zmm0, high = zmm1, product = zmm4, factor = zmm16, minimum = zmm17, mask = zmm30, lower = zmm29, upper = zmm28;
        AssemblerRegisterZMM[] scales = [zmm18, zmm19], minimums = [zmm20, zmm21], place = [zmm22, zmm23, zmm24, zmm25];
        return rows.Loop(blocksOf32: 8, stackBytes: 0, () =>
        {
            rows.Heads.Q4_K(VnniRows.Word, factor, minimum, scales, minimums, mask, lower, upper);
            for (int run = 0; run < 4; run++)
            {
                c.vpxord(low, low, low);
                c.vpxord(high, high, high);
                for (int i = 0; i < 8; i++) MultiplyNibbles(rows, 16 + (32 * run) + (4 * i), mask, low, (64 * run) + (4 * i), high, (64 * run) + 32 + (4 * i));
                for (int group = 2 * run; group < (2 * run) + 2; group++)
                {
                    rows.Heads.Scale(product, scales, group, place, factor);
                    rows.AddScaled(group % 2 == 0 ? low : high, product, group);
                    rows.Heads.Scale(product, minimums, group, place, minimum);
                    c.vfnmadd231ps(VnniRows.Y, product, __dword_bcst[DirectFrame.XSums + (group * rows.ScaleStep)]);
                }
            }
        }, constants: () =>
        {
            rows.Heads.Bytes(mask, 15);
            rows.Heads.Bytes(lower, 63);
            rows.Heads.Bytes(upper, 48);
            rows.Heads.Places(place, to: 0);
        });
    }

    /// <summary>Blocks of <see cref="Quantization.PackedQ6_K"/>.</summary>
    public static Assembler Q6_K(DirectRows layout, int tile)
    {
        var rows = new VnniRows(blockBytes: 210, layout, tile, startsOf: 16);
        Assembler c = rows.Code;
        AssemblerRegisterZMM sum = zmm0, scale = zmm5, fourth = zmm4, factor = zmm16, shrink = zmm27, lower = zmm29, upper = zmm28;
        AssemblerRegisterZMM[] words = [zmm1, zmm2, zmm3], scales = [zmm18, zmm19, zmm20, zmm21], place = [zmm22, zmm23, zmm24, zmm25];
        return rows.Loop(blocksOf32: 8, stackBytes: 0, () =>
        {
            rows.Halves(0, factor);
            c.vmulps(factor, factor, shrink);
            for (int i = 0; i < 4; i++) c.vmovdqu32(scales[i], VnniRows.Word(2 + (4 * i)));
            for (int group = 0; group < 16; group++)
            {
                for (int i = 0; i < 3; i++) c.vmovdqu32(words[i], VnniRows.Word(18 + (12 * group) + (4 * i)));
                // The fourth four columns have their bits above the others'.
                c.vpandd(fourth, words[0], upper);
                for (int i = 1; i < 3; i++)
                {
                    c.vpsrlw(fourth, fourth, 2);
                    // a | (b & c)
                    c.vpternlogd(fourth, words[i], upper, 0xF8);
                }
                c.vpsrlw(fourth, fourth, 2);
                rows.Start(sum, group);
                for (int i = 0; i < 3; i++)
                {
                    c.vpandd(words[i], words[i], lower);
                    c.vpdpbusd(sum, words[i], rows.Four((16 * group) + (4 * i)));
                }
                c.vpdpbusd(sum, fourth, rows.Four((16 * group) + 12));
                rows.Heads.Scale(scale, scales, group, place, factor);
                rows.AddScaled(sum, scale, group / 2);
            }
        }, constants: () =>
        {
            rows.Heads.Bytes(lower, 63);
            rows.Heads.Bytes(upper, 192);
            rows.Heads.Shrink(shrink);
            rows.Heads.Places(place, to: 3);
        });
    }

    /// <summary>Multiplies the lower and the upper halves of four bytes of each row.</summary>
    private static void MultiplyNibbles(VnniRows rows, int at, AssemblerRegisterZMM mask, AssemblerRegisterZMM low, int lowColumn, AssemblerRegisterZMM high, int highColumn)
    {
        Assembler c = rows.Code;
        c.vmovdqu32(zmm2, VnniRows.Word(at));
        c.vpsrlw(zmm3, zmm2, 4);
        c.vpandd(zmm2, zmm2, mask);
        c.vpandd(zmm3, zmm3, mask);
        c.vpdpbusd(low, zmm2, rows.Four(lowColumn));
        c.vpdpbusd(high, zmm3, rows.Four(highColumn));
    }
}
