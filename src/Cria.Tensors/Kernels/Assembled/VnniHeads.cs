using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>What stands before the columns of sixteen rows' blocks of 256 that lie side by side, in 512-bit registers: the scales, as bytes in the rows' lanes and the floats that they are times. Constants pass through rcx.</summary>
internal sealed class VnniHeads(Assembler c)
{
    private readonly List<(Label Label, byte[] Bytes)> data = [];

    /// <summary>The same byte everywhere.</summary>
    public void Bytes(AssemblerRegisterZMM to, byte value)
    {
        c.mov(ecx, value * 0x01010101u);
        c.vpbroadcastd(to, ecx);
    }

    /// <summary>Indices for vpshufb: register i moves byte i of each lane to byte <paramref name="to"/>, all others 0.</summary>
    public void Places(AssemblerRegisterZMM[] indices, int to)
    {
        for (int from = 0; from < 4; from++)
        {
            Label label = c.CreateLabel();
            data.Add((label, [.. Enumerable.Range(0, 16).Select(i => (byte)(i % 4 == to ? i / 4 * 4 + from : 128))]));
            c.vbroadcasti32x4(indices[from], __xmmword_ptr[label]);
        }
    }

    /// <summary>2⁻²⁴: a signed byte as the highest of a lane is 2²⁴ times itself, which a factor makes good.</summary>
    public void Shrink(AssemblerRegisterZMM to)
    {
        c.mov(ecx, BitConverter.SingleToInt32Bits(1f / (1 << 24)));
        c.vpbroadcastd(to, ecx);
    }

    /// <summary>The head of <see cref="Quantization.Q4_K"/>: its two floats and the bytes of eight scales and eight minimums. Registers 2 and 3 are used.</summary>
    /// <param name="word">The word at so many bytes of each row's block.</param>
    /// <param name="factor">What scales are times.</param>
    /// <param name="minimum">What minimums are times.</param>
    /// <param name="scales">Scales 0 … 3 and 4 … 7.</param>
    /// <param name="minimums">Minimums 0 … 3 and 4 … 7.</param>
    /// <param name="fifteen">15 in each byte.</param>
    /// <param name="sixtyThree">63 in each byte.</param>
    /// <param name="fortyEight">48 in each byte.</param>
    public void Q4_K(Func<int, AssemblerMemoryOperand> word, AssemblerRegisterZMM factor, AssemblerRegisterZMM minimum, AssemblerRegisterZMM[] scales, AssemblerRegisterZMM[] minimums,
        AssemblerRegisterZMM fifteen, AssemblerRegisterZMM sixtyThree, AssemblerRegisterZMM fortyEight)
    {
        c.vmovdqu32(zmm2, word(0));
        c.vpmovdw(ymm3, zmm2);
        c.vcvtph2ps(factor, ymm3);
        c.vpsrld(zmm2, zmm2, 16);
        c.vpmovdw(ymm3, zmm2);
        c.vcvtph2ps(minimum, ymm3);
        c.vmovdqu32(zmm2, word(12));
        c.vpandd(scales[1], zmm2, fifteen);
        c.vpsrld(zmm2, zmm2, 4);
        c.vpandd(minimums[1], zmm2, fifteen);
        // The lower six bits of a word's bytes are the first four; the upper two lie above four bits of the last word.
        foreach ((AssemblerRegisterZMM[] to, int at) in new[] { (scales, 4), (minimums, 8) })
        {
            c.vmovdqu32(zmm3, word(at));
            c.vpandd(to[0], zmm3, sixtyThree);
            c.vpsrld(zmm3, zmm3, 2);
            c.vpandd(zmm3, zmm3, fortyEight);
            c.vpord(to[1], to[1], zmm3);
        }
    }

    /// <summary>The float that byte <paramref name="group"/> of a row's stands for.</summary>
    public void Scale(AssemblerRegisterZMM to, AssemblerRegisterZMM[] bytes, int group, AssemblerRegisterZMM[] places, AssemblerRegisterZMM factor)
    {
        c.vpshufb(to, bytes[group / 4], places[group % 4]);
        c.vcvtdq2ps(to, to);
        c.vmulps(to, to, factor);
    }

    /// <summary>Places data behind the code.</summary>
    public void End()
    {
        foreach ((Label label, byte[] bytes) in data)
        {
            Label here = label;
            c.Label(ref here);
            c.db(bytes);
        }
    }
}
