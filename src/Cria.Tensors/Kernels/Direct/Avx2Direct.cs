using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>Direct products by AVX2, one format a method: the block layouts are those of <see cref="Quantization"/>.</summary>
internal static class Avx2Direct
{
    /// <summary><see cref="Quantization.Q4_0"/>: all 32 columns of a block fit into 16 bits. Both halves together, so that activations are spread once.</summary>
    public static Assembler Q4_0(DirectRows layout, int tile)
    {
        var rows = new Avx2Rows(blockBytes: 18, layout, tile);
        Assembler c = rows.Code;
        AssemblerRegisterYMM mask = ymm12, xLow = ymm8, xHigh = ymm9, bytes = ymm10, free = ymm11;
        AssemblerRegisterYMM[] sums = [ymm4, ymm5], scales = [ymm6, ymm7];
        return rows.Loop(blocksOf32: 1, stackBytes: layout == DirectRows.Apart ? 2 * 128 : 0, () =>
        {
            AssemblerMemoryOperand[][] quants = [.. Enumerable.Range(0, 2).Select(half => rows.Words(half, 2, 128 * half, [ymm0, ymm1, ymm2, ymm3]))];
            for (int i = 0; i < 4; i++)
            {
                rows.Four(4 * i, xLow);
                rows.Four(16 + (4 * i), xHigh);
                for (int half = 0; half < 2; half++)
                {
                    c.vmovdqu(bytes, quants[half][i]);
                    c.vpand(free, bytes, mask);
                    c.vpmaddubsw(i == 0 ? sums[half] : free, free, xLow);
                    if (i > 0) c.vpaddw(sums[half], sums[half], free);
                    c.vpsrlw(bytes, bytes, 4);
                    c.vpand(bytes, bytes, mask);
                    c.vpmaddubsw(bytes, bytes, xHigh);
                    c.vpaddw(sums[half], sums[half], bytes);
                }
            }
            c.vpbroadcastd(free, __dword_ptr[DirectFrame.Starts]);
            for (int half = 0; half < 2; half++)
            {
                c.vpmaddwd(sums[half], sums[half], Avx2Rows.Ones);
                c.vpaddd(sums[half], sums[half], free);
            }
            rows.AddBlock(sums, scales, bytes);
        }, constants: () => NibbleMask(rows, mask));
    }

    /// <summary><see cref="Quantization.Q8_0"/>: each step is widened at once, by magnitude and sign. Both halves together, so that activations are spread once.</summary>
    public static Assembler Q8_0(DirectRows layout, int tile)
    {
        var rows = new Avx2Rows(blockBytes: 34, layout, tile);
        Assembler c = rows.Code;
        AssemblerRegisterYMM x = ymm8;
        AssemblerRegisterYMM[] sums = [ymm4, ymm5], bytes = [ymm6, ymm7], signed = [ymm9, ymm10];
        return rows.Loop(blocksOf32: 1, stackBytes: layout == DirectRows.Apart ? 4 * 128 : 0, () =>
        {
            AssemblerMemoryOperand[][] quants = [.. Enumerable.Range(0, 4).Select(i => rows.Words(half: i % 2, 2 + (16 * (i / 2)), 128 * i, [ymm0, ymm1, ymm2, ymm3]))];
            for (int i = 0; i < 8; i++)
            {
                rows.Four(4 * i, x);
                for (int half = 0; half < 2; half++)
                {
                    AssemblerRegisterYMM product = i == 0 ? sums[half] : bytes[half];
                    c.vmovdqu(bytes[half], quants[(2 * (i / 4)) + half][i % 4]);
                    c.vpsignb(signed[half], x, bytes[half]);
                    c.vpabsb(bytes[half], bytes[half]);
                    c.vpmaddubsw(product, bytes[half], signed[half]);
                    c.vpmaddwd(product, product, Avx2Rows.Ones);
                    if (i > 0) c.vpaddd(sums[half], sums[half], product);
                }
            }
            rows.AddBlock(sums, bytes, x);
        });
    }

    /// <summary><see cref="Quantization.Q4_K"/>: both halves together, so that activations are spread once; scales and minimums wait as bytes on the stack.</summary>
    public static Assembler Q4_K(DirectRows layout, int tile)
    {
        var rows = new Avx2Rows(blockBytes: 144, layout, tile);
        Assembler c = rows.Code;
        AssemblerRegisterYMM mask = ymm12, xLow = ymm0, xHigh = ymm1;
        AssemblerRegisterYMM[] low = [ymm2, ymm3], high = [ymm4, ymm5], factor = [ymm8, ymm9], minimum = [ymm10, ymm11];
        const int heads0 = 2 * 128, words = 4 * 128;
        return rows.Loop(blocksOf32: 8, stackBytes: words + (layout == DirectRows.Apart ? 16 * 128 : 0), () =>
        {
            // What must be turned is turned at once, for the loop has no registers to spare.
            AssemblerMemoryOperand[][] quants = [.. Enumerable.Range(0, 16).Select(i => rows.Words(half: i % 2, 16 + (16 * (i / 2)), words + (128 * i), [ymm0, ymm1, ymm2, ymm3]))];
            AssemblerMemoryOperand[][] heads = [.. Enumerable.Range(0, 2).Select(half => rows.Words(half, 0, heads0 + (128 * half), [ymm0, ymm1, ymm2, ymm3]))];
            for (int half = 0; half < 2; half++) SixBitPairs(rows, heads[half], 128 * half);
            for (int half = 0; half < 2; half++)
            {
                c.vmovdqu(ymm0, heads[half][0]);
                rows.Halves(ymm0, upper: false, factor[half]);
                rows.Halves(ymm0, upper: true, minimum[half]);
            }
            NibbleMask(rows, mask);
            for (int run = 0; run < 4; run++)
            {
                for (int sixteen = 0; sixteen < 2; sixteen++)
                {
                    for (int i = 0; i < 4; i++)
                    {
                        int column = (64 * run) + (16 * sixteen) + (4 * i);
                        bool first = sixteen == 0 && i == 0;
                        rows.Four(column, xLow);
                        rows.Four(column + 32, xHigh);
                        for (int half = 0; half < 2; half++)
                        {
                            c.vmovdqu(ymm6, quants[(4 * run) + (2 * sixteen) + half][i]);
                            c.vpand(ymm7, ymm6, mask);
                            Add(low[half], ymm7, xLow, first);
                            c.vpsrlw(ymm6, ymm6, 4);
                            c.vpand(ymm6, ymm6, mask);
                            Add(high[half], ymm6, xHigh, first);
                        }
                    }
                }
                for (int group = 2 * run; group < (2 * run) + 2; group++)
                {
                    for (int half = 0; half < 2; half++)
                    {
                        AssemblerRegisterYMM sum = (group % 2 == 0 ? low : high)[half];
                        c.vpmaddwd(sum, sum, Avx2Rows.Ones);
                        SixBits(group, factor[half], half);
                        rows.AddScaled(half, sum, ymm6, group, ymm7);
                        SixBits(8 + group, minimum[half], half);
                        c.vbroadcastss(ymm7, __dword_ptr[DirectFrame.XSums + (group * rows.ScaleStep)]);
                        c.vfnmadd231ps(Avx2Rows.Y(half), ymm7, ymm6);
                    }
                }
            }
        });

        void Add(AssemblerRegisterYMM sum, AssemblerRegisterYMM bytes, AssemblerRegisterYMM x, bool first)
        {
            c.vpmaddubsw(first ? sum : bytes, bytes, x);
            if (!first) c.vpaddw(sum, sum, bytes);
        }

        void SixBits(int place, AssemblerRegisterYMM times, int half)
        {
            c.vpmovzxbd(ymm6, __qword_ptr[rsp + ((128 * half) + (8 * place))]);
            c.vcvtdq2ps(ymm6, ymm6);
            c.vmulps(ymm6, ymm6, times);
        }
    }

    /// <summary><see cref="Quantization.Q6_K"/>, side by side as <see cref="Quantization.PackedQ6_K"/>.</summary>
    public static Assembler Q6_K(DirectRows layout, int tile) => layout == DirectRows.Apart ? PlainQ6_K(tile) : PackedQ6_K(layout, tile);

    /// <summary>Sums of the sixteen groups wait on the stack, so that they are added in order.</summary>
    private static Assembler PlainQ6_K(int tile)
    {
        var rows = new Avx2Rows(blockBytes: 210, DirectRows.Apart, tile, startsOf: 16);
        Assembler c = rows.Code;
        AssemblerRegisterYMM[] v = [ymm0, ymm1, ymm2, ymm3];
        const int sums = 16 * 32, highs = 32 * 32, lows = 36 * 32;
        return rows.Loop(blocksOf32: 8, stackBytes: 40 * 32, Avx2Rows.Both(half =>
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
            Constant(rows, ymm12, 0x0F);
            Constant(rows, ymm11, 0x30);
            for (int run = 0; run < 2; run++)
            {
                for (int sixteen = 0; sixteen < 2; sixteen++)
                {
                    AssemblerMemoryOperand[] high = rows.Words(half, 128 + (32 * run) + (16 * sixteen), highs, v);
                    for (int part = 0; part < 2; part++)
                    {
                        AssemblerMemoryOperand[] low = rows.Words(half, (64 * run) + (32 * part) + (16 * sixteen), lows, v);
                        for (int i = 0; i < 4; i++)
                        {
                            // Lower halves: columns 32 · part on; upper halves: 64 further. Two bits of each come from the high bytes.
                            c.vmovdqu(ymm0, low[i]);
                            c.vmovdqu(ymm1, high[i]);
                            for (int upper = 0; upper < 2; upper++)
                            {
                                int shift = (2 * part) + (4 * upper);
                                if (shift < 4) c.vpslld(ymm3, ymm1, (byte)(4 - shift));
                                else if (shift > 4) c.vpsrld(ymm3, ymm1, (byte)(shift - 4));
                                c.vpand(ymm3, shift == 4 ? ymm1 : ymm3, ymm11);
                                if (upper == 1) c.vpsrld(ymm0, ymm0, 4);
                                c.vpand(ymm2, ymm0, ymm12);
                                c.vpor(ymm2, ymm2, ymm3);
                                // Two products of 63 · 127 · 2 fit into 16 bits, four do not.
                                int column = (128 * run) + (64 * upper) + (32 * part) + (16 * sixteen) + (4 * i);
                                AssemblerRegisterYMM pair = upper == 0 ? ymm4 : ymm5, sum = upper == 0 ? ymm6 : ymm7;
                                rows.Multiply(pair, ymm2, column, first: i % 2 == 0, ymm3);
                                if (i % 2 == 0) continue;
                                c.vpmaddwd(i == 1 ? sum : pair, pair, Avx2Rows.Ones);
                                if (i == 3) c.vpaddd(sum, sum, pair);
                            }
                        }
                        c.vmovdqu(__[rsp + sums + (32 * ((8 * run) + (2 * part) + sixteen))], ymm6);
                        c.vmovdqu(__[rsp + sums + (32 * ((8 * run) + 4 + (2 * part) + sixteen))], ymm7);
                    }
                }
            }
            for (int group = 0; group < 16; group++)
            {
                c.vpbroadcastd(ymm0, __dword_ptr[DirectFrame.Starts + (rows.ScaleStep * group)]);
                c.vpaddd(ymm0, ymm0, __[rsp + sums + (32 * group)]);
                c.vmovups(ymm1, __[rsp + (32 * group)]);
                rows.AddScaled(half, ymm0, ymm1, group / 2, ymm2);
            }
        }), spreads: 2);
    }

    /// <summary>Blocks of <see cref="Quantization.PackedQ6_K"/>: one group after another, both halves together, so that activations are spread once.</summary>
    private static Assembler PackedQ6_K(DirectRows layout, int tile)
    {
        var rows = new Avx2Rows(blockBytes: 210, layout, tile, startsOf: 16);
        Assembler c = rows.Code;
        AssemblerRegisterYMM[] words = [ymm0, ymm1, ymm2], x = [ymm4, ymm5, ymm6, ymm7];
        AssemblerRegisterYMM fourth = ymm3, lower = ymm8, upper = ymm9, start = ymm10, xScale = ymm11, free = ymm12, sum = ymm0, scale = ymm1;
        const int factors = 2 * 128;
        return rows.Loop(blocksOf32: 8, stackBytes: factors + 64, () =>
        {
            for (int half = 0; half < 2; half++)
            {
                rows.Halves(half, 0, ymm0);
                c.vmovups(__[rsp + factors + (32 * half)], ymm0);
                for (int i = 0; i < 4; i++)
                {
                    c.vmovdqu(ymm6, Avx2Rows.Word(half, 2 + (4 * i)));
                    BytesByRow(rows, ymm6, (128 * half) + (32 * i));
                }
            }
            Constant(rows, lower, 63);
            Constant(rows, upper, 192);
            for (int group = 0; group < 16; group++)
            {
                for (int i = 0; i < 4; i++) rows.Four((16 * group) + (4 * i), x[i]);
                c.vpbroadcastd(start, __dword_ptr[DirectFrame.Starts + (rows.ScaleStep * group)]);
                if (group % 2 == 0) c.vbroadcastss(xScale, __dword_ptr[DirectFrame.XScales + (group / 2 * rows.ScaleStep)]);
                for (int half = 0; half < 2; half++)
                {
                    for (int i = 0; i < 3; i++) c.vmovdqu(words[i], Avx2Rows.Word(half, 18 + (12 * group) + (4 * i)));
                    // The fourth four columns have their bits above the others'.
                    c.vpand(fourth, words[0], upper);
                    for (int i = 1; i < 3; i++)
                    {
                        c.vpsrlw(fourth, fourth, 2);
                        c.vpand(free, words[i], upper);
                        c.vpor(fourth, fourth, free);
                    }
                    c.vpsrlw(fourth, fourth, 2);
                    for (int i = 0; i < 3; i++)
                    {
                        c.vpand(words[i], words[i], lower);
                        c.vpmaddubsw(words[i], words[i], x[i]);
                    }
                    c.vpmaddubsw(fourth, fourth, x[3]);
                    // Two products of 63 · 127 · 2 fit into 16 bits, four do not.
                    c.vpaddw(words[0], words[0], words[1]);
                    c.vpaddw(words[2], words[2], fourth);
                    c.vpmaddwd(words[0], words[0], Avx2Rows.Ones);
                    c.vpmaddwd(words[2], words[2], Avx2Rows.Ones);
                    c.vpaddd(sum, words[0], words[2]);
                    c.vpaddd(sum, sum, start);
                    c.vcvtdq2ps(sum, sum);
                    c.vpmovsxbd(scale, __qword_ptr[rsp + ((128 * half) + (8 * group))]);
                    c.vcvtdq2ps(scale, scale);
                    c.vmulps(scale, scale, __[rsp + factors + (32 * half)]);
                    c.vmulps(scale, scale, xScale);
                    c.vfmadd231ps(Avx2Rows.Y(half), sum, scale);
                }
            }
        });
    }

    /// <summary>From four bytes of eight rows each to eight rows a byte, at rsp + <paramref name="to"/>; two further registers are used.</summary>
    private static void BytesByRow(Avx2Rows rows, AssemblerRegisterYMM bytes, int to)
    {
        Assembler c = rows.Code;
        AssemblerRegisterXMM own = Avx2Rows.Lower(bytes);
        c.vpshufb(bytes, bytes, __ymmword_ptr[rows.BytesOfFour]);
        c.vextracti128(xmm5, bytes, 1);
        c.vpunpckldq(xmm4, own, xmm5);
        c.vpunpckhdq(xmm5, own, xmm5);
        c.vmovdqu(__xmmword_ptr[rsp + to], xmm4);
        c.vmovdqu(__xmmword_ptr[rsp + (to + 16)], xmm5);
    }

    /// <summary>Scales [8] and minimums [8] of <see cref="Quantization.SixBitPairs"/> at rsp + <paramref name="to"/>: eight bytes, the rows', for each.</summary>
    private static void SixBitPairs(Avx2Rows rows, AssemblerMemoryOperand[] four, int to)
    {
        Assembler c = rows.Code;
        AssemblerRegisterYMM s = ymm1, m = ymm2, lower = ymm3, bytes = ymm6;
        c.vmovdqu(s, four[1]);
        c.vmovdqu(m, four[2]);
        c.vmovdqu(lower, four[3]);
        Constant(rows, ymm8, 63);
        Constant(rows, ymm9, 48);
        Constant(rows, ymm10, 15);
        c.vpand(bytes, s, ymm8);
        Store(0);
        c.vpand(bytes, lower, ymm10);
        c.vpsrld(s, s, 2);
        c.vpand(s, s, ymm9);
        c.vpor(bytes, bytes, s);
        Store(4);
        c.vpand(bytes, m, ymm8);
        Store(8);
        c.vpsrld(lower, lower, 4);
        c.vpand(bytes, lower, ymm10);
        c.vpsrld(m, m, 2);
        c.vpand(m, m, ymm9);
        c.vpor(bytes, bytes, m);
        Store(12);

        void Store(int place) => BytesByRow(rows, bytes, to + (8 * place));
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
