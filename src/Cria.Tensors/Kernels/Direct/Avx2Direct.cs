using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>Direct products by AVX2, one format a method: the block layouts are those of <see cref="Quantization"/>.</summary>
internal static class Avx2Direct
{
    /// <summary><see cref="Quantization.Q4_0"/>: all 32 columns of a block fit into 16 bits.</summary>
    public static DirectProduct Q4_0()
    {
        var rows = new Avx2Rows(blockBytes: 18);
        Assembler c = rows.Code;
        AssemblerRegisterYMM[] v = [ymm0, ymm1, ymm2, ymm3];
        AssemblerRegisterYMM sum = ymm4, mask = ymm12, free = ymm5, scale = ymm6;
        return new DirectProduct(rows.Loop(blocksOf32: 1, stackBytes: 0, half =>
        {
            if (half == 0) NibbleMask(rows, mask);
            rows.Turn(half, 2, v[0], v[1], v[2], v[3], ymm8, ymm9, ymm10, ymm11);
            for (int i = 0; i < 4; i++)
            {
                c.vpand(ymm7, v[i], mask);
                rows.Multiply(sum, ymm7, 4 * i, first: i == 0, free);
                c.vpsrlw(v[i], v[i], 4);
                c.vpand(v[i], v[i], mask);
                rows.Multiply(sum, v[i], 16 + (4 * i), first: false, free);
            }
            rows.Halves(half, 0, scale);
            c.vpmaddwd(sum, sum, Avx2Rows.Ones);
            c.vpbroadcastd(free, __dword_ptr[Avx2Rows.Starts]);
            c.vpaddd(sum, sum, free);
            rows.AddScaled(half, sum, scale, 0, free);
        }), hasStarts: true);
    }

    /// <summary><see cref="Quantization.Q8_0"/>: each step is widened at once.</summary>
    public static DirectProduct Q8_0()
    {
        var rows = new Avx2Rows(blockBytes: 34);
        AssemblerRegisterYMM[] v = [ymm0, ymm1, ymm2, ymm3];
        AssemblerRegisterYMM sum = ymm4, free = ymm5, scale = ymm6, other = ymm7;
        return new DirectProduct(rows.Loop(blocksOf32: 1, stackBytes: 0, half =>
        {
            for (int sixteen = 0; sixteen < 2; sixteen++)
            {
                rows.Turn(half, 2 + (16 * sixteen), v[0], v[1], v[2], v[3], ymm8, ymm9, ymm10, ymm11);
                for (int i = 0; i < 4; i++) rows.MultiplySigned(sum, v[i], (16 * sixteen) + (4 * i), first: sixteen == 0 && i == 0, wide: true, free, other);
            }
            rows.Halves(half, 0, scale);
            rows.AddScaled(half, sum, scale, 0, free);
        }), hasStarts: false);
    }

    /// <summary><see cref="Quantization.Q4_K"/>: the eight groups' scales and minimums wait on the stack.</summary>
    public static DirectProduct Q4_K()
    {
        var rows = new Avx2Rows(blockBytes: 144);
        Assembler c = rows.Code;
        AssemblerRegisterYMM[] v = [ymm0, ymm1, ymm2, ymm3];
        AssemblerRegisterYMM low = ymm4, high = ymm6, mask = ymm12, free = ymm5;
        return new DirectProduct(rows.Loop(blocksOf32: 8, stackBytes: 16 * 32, half =>
        {
            SixBitPairs(rows, half);
            NibbleMask(rows, mask);
            for (int run = 0; run < 4; run++)
            {
                for (int sixteen = 0; sixteen < 2; sixteen++)
                {
                    rows.Turn(half, 16 + (32 * run) + (16 * sixteen), v[0], v[1], v[2], v[3], ymm8, ymm9, ymm10, ymm11);
                    for (int i = 0; i < 4; i++)
                    {
                        int column = (64 * run) + (16 * sixteen) + (4 * i);
                        bool first = sixteen == 0 && i == 0;
                        c.vpand(ymm7, v[i], mask);
                        rows.Multiply(low, ymm7, column, first, free);
                        c.vpsrlw(v[i], v[i], 4);
                        c.vpand(v[i], v[i], mask);
                        rows.Multiply(high, v[i], column + 32, first, free);
                    }
                }
                for (int group = 2 * run; group < (2 * run) + 2; group++)
                {
                    AssemblerRegisterYMM sum = group % 2 == 0 ? low : high;
                    c.vpmaddwd(sum, sum, Avx2Rows.Ones);
                    c.vmovups(ymm7, __[rsp + (32 * group)]);
                    rows.AddScaled(half, sum, ymm7, group, free);
                    c.vbroadcastss(free, __dword_ptr[Avx2Rows.XSums + (group * Avx2Rows.ScaleStep)]);
                    c.vfnmadd231ps(Avx2Rows.Y(half), free, __[rsp + (32 * (8 + group))]);
                }
            }
        }), hasStarts: false);
    }

    /// <summary><see cref="Quantization.Q6_K"/>: sums of the sixteen groups wait on the stack, so that they are added in order.</summary>
    public static DirectProduct Q6_K()
    {
        var rows = new Avx2Rows(blockBytes: 210);
        Assembler c = rows.Code;
        AssemblerRegisterYMM[] v = [ymm0, ymm1, ymm2, ymm3];
        const int sums = 16 * 32, highs = 32 * 32;
        return new DirectProduct(rows.Loop(blocksOf32: 8, stackBytes: 36 * 32, half =>
        {
            // Scales: signed bytes times the block's.
            rows.Turn(half, 192, v[0], v[1], v[2], v[3], ymm8, ymm9, ymm10, ymm11);
            rows.Halves(half, 208, ymm4);
            for (int i = 0; i < 16; i++)
            {
                int left = 24 - (8 * (i % 4));
                if (left > 0) c.vpslld(ymm5, v[i / 4], (byte)left);
                c.vpsrad(ymm5, left > 0 ? ymm5 : v[i / 4], 24);
                c.vcvtdq2ps(ymm5, ymm5);
                c.vmulps(ymm5, ymm5, ymm4);
                c.vmovups(__[rsp + (32 * i)], ymm5);
            }
            for (int run = 0; run < 2; run++)
            {
                for (int sixteen = 0; sixteen < 2; sixteen++)
                {
                    rows.Turn(half, 128 + (32 * run) + (16 * sixteen), v[0], v[1], v[2], v[3], ymm8, ymm9, ymm10, ymm11);
                    for (int i = 0; i < 4; i++) c.vmovdqu(__[rsp + highs + (32 * i)], v[i]);
                    for (int part = 0; part < 2; part++)
                    {
                        rows.Turn(half, (64 * run) + (32 * part) + (16 * sixteen), v[0], v[1], v[2], v[3], ymm8, ymm9, ymm10, ymm11);
                        Constant(rows, ymm12, 0x0F);
                        Constant(rows, ymm11, 0x30);
                        Constant(rows, ymm10, 0x20);
                        for (int i = 0; i < 4; i++)
                        {
                            // Lower halves: columns 32 · part on; upper halves: 64 further. Two bits of each come from the high bytes.
                            for (int upper = 0; upper < 2; upper++)
                            {
                                int shift = (2 * part) + (4 * upper);
                                c.vmovdqu(ymm7, __[rsp + highs + (32 * i)]);
                                if (shift < 4) c.vpslld(ymm7, ymm7, (byte)(4 - shift));
                                else if (shift > 4) c.vpsrld(ymm7, ymm7, (byte)(shift - 4));
                                c.vpand(ymm7, ymm7, ymm11);
                                if (upper == 1) c.vpsrld(ymm6, v[i], 4);
                                c.vpand(ymm6, upper == 1 ? ymm6 : v[i], ymm12);
                                c.vpor(ymm6, ymm6, ymm7);
                                c.vpsubb(ymm6, ymm6, ymm10);
                                int column = (128 * run) + (64 * upper) + (32 * part) + (16 * sixteen) + (4 * i);
                                rows.MultiplySigned(upper == 0 ? ymm8 : ymm9, ymm6, column, first: i == 0, wide: false, ymm5, ymm4);
                            }
                        }
                        for (int upper = 0; upper < 2; upper++)
                        {
                            AssemblerRegisterYMM sum = upper == 0 ? ymm8 : ymm9;
                            c.vpmaddwd(sum, sum, Avx2Rows.Ones);
                            c.vmovdqu(__[rsp + sums + (32 * ((8 * run) + (4 * upper) + (2 * part) + sixteen))], sum);
                        }
                    }
                }
            }
            for (int group = 0; group < 16; group++)
            {
                c.vmovdqu(ymm0, __[rsp + sums + (32 * group)]);
                c.vmovups(ymm1, __[rsp + (32 * group)]);
                rows.AddScaled(half, ymm0, ymm1, group / 2, ymm2);
            }
        }), hasStarts: false);
    }

    /// <summary>Scales [8] and minimums [8] of <see cref="Quantization.SixBitPairs"/> as floats at rsp.</summary>
    private static void SixBitPairs(Avx2Rows rows, int half)
    {
        Assembler c = rows.Code;
        AssemblerRegisterYMM halves = ymm0, s = ymm1, m = ymm2, lower = ymm3, scale = ymm4, minimum = ymm5, bytes = ymm6;
        rows.Turn(half, 0, halves, s, m, lower, ymm8, ymm9, ymm10, ymm11);
        rows.Halves(halves, upper: false, scale);
        rows.Halves(halves, upper: true, minimum);
        Constant(rows, ymm8, 63);
        Constant(rows, ymm9, 48);
        Constant(rows, ymm10, 15);
        c.vpand(bytes, s, ymm8);
        Store(bytes, scale, 0);
        c.vpand(bytes, lower, ymm10);
        c.vpsrld(s, s, 2);
        c.vpand(s, s, ymm9);
        c.vpor(bytes, bytes, s);
        Store(bytes, scale, 4);
        c.vpand(bytes, m, ymm8);
        Store(bytes, minimum, 8);
        c.vpsrld(lower, lower, 4);
        c.vpand(bytes, lower, ymm10);
        c.vpsrld(m, m, 2);
        c.vpand(m, m, ymm9);
        c.vpor(bytes, bytes, m);
        Store(bytes, minimum, 12);

        void Store(AssemblerRegisterYMM four, AssemblerRegisterYMM factor, int place)
        {
            for (int i = 0; i < 4; i++)
            {
                c.vpslld(ymm7, four, (byte)(24 - (8 * i)));
                c.vpsrld(ymm7, ymm7, 24);
                c.vcvtdq2ps(ymm7, ymm7);
                c.vmulps(ymm7, ymm7, factor);
                c.vmovups(__[rsp + (32 * (place + i))], ymm7);
            }
        }
    }

    private static void NibbleMask(Avx2Rows rows, AssemblerRegisterYMM to) => Constant(rows, to, 15);

    /// <summary>The same byte everywhere.</summary>
    private static void Constant(Avx2Rows rows, AssemblerRegisterYMM to, int value)
    {
        rows.Code.mov(edi, value * 0x01010101);
        rows.Code.vmovd(Avx2Rows.Lower(to), edi);
        rows.Code.vpbroadcastd(to, Avx2Rows.Lower(to));
    }
}
