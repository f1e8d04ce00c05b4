using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Unpack;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// The int8 product of formats whose bytes are too large for sums of 16 bits, with AVX2: weights and activations are widened to 16 bits before, so that vpmaddwd sums two
/// products into 32 bits at once. By magnitude and sign (vpsignb, vpmaddubsw, vpmaddwd) the same products take three instructions of the ports that multiply, this way two.
/// The bits are those of <see cref="Int8Kernel"/>. 16 rows × 4 tokens.
/// </summary>
internal sealed unsafe class PairProduct
{
    private const int Tile = 4;

    private readonly Int8Entries entries = new(Tile, Assemble);

    /// <summary>Most columns of a call: as many as fill an <see cref="Int8Call.PanelStride"/> with 16 bits each.</summary>
    public const int MaxColumns = Int8Call.MaxColumns / 2;

    /// <summary>Fewer tokens are not worth widening a panel for.</summary>
    public const int LeastTokens = 4;

    /// <summary>
    /// Multiplies. <see cref="Int8Call.Panel"/> is [pair of columns, 16 rows, 2] and <see cref="Int8Call.X"/> [block, token, 32], both signed numbers of 16 bits.
    /// </summary>
    public void Run(in Int8Call call, Unpacker format, int panels, int tokens)
    {
        entries.Run(call, format, starts: false, Int8Sums.Wide, panels: 1, tokens);
        if (panels == 1) return;
        Int8Call second = call;
        second.Panel += Int8Call.PanelStride;
        second.Scales += Int8Call.ScaleStride / sizeof(float);
        second.Y += Unpacker.PanelRows;
        entries.Run(second, format, starts: false, Int8Sums.Wide, panels: 1, tokens);
    }

    private static Assembler Assemble(Int8Variant variant)
    {
        if (variant.Minimums) throw new InvalidOperationException("formats with minimums have small bytes");
        var c = new Assembler(64);
        var frame = new Int8Frame(c, Tile);
        AssemblerRegister64 yThree = r13;
        frame.Enter();
        c.lea(yThree, __[Int8Frame.YStep + Int8Frame.YStep * 2]);
        AssemblerRegisterYMM[] weight = [ymm8, ymm9], broadcast = [ymm10, ymm11], product = [ymm12, ymm13];
        int pairs = 16 / variant.Groups;
        Label loop = c.CreateLabel();
        c.Label(ref loop);
        for (int group = 0; group < variant.Groups; group++)
        {
            for (int pair = group * pairs; pair < (group + 1) * pairs; pair++)
            {
                for (int p = 0; p < 2; p++) c.vmovdqu(weight[p], __[Int8Frame.Panel + ((64 * pair) + (32 * p))]);
                for (int t = 0; t < variant.Tokens; t++)
                {
                    c.vpbroadcastd(broadcast[t % 2], __dword_ptr[Int8Frame.X + ((2 * Int8Activations.BlockSize * t) + (4 * pair))]);
                    for (int p = 0; p < 2; p++)
                    {
                        bool first = pair == group * pairs;
                        c.vpmaddwd(first ? Sum(p, t) : product[p], weight[p], broadcast[t % 2]);
                        if (!first) c.vpaddd(Sum(p, t), Sum(p, t), product[p]);
                    }
                }
            }
            for (int t = 0; t < variant.Tokens; t++)
            {
                c.vbroadcastss(broadcast[0], __dword_ptr[Int8Frame.XScales + (4 * t)]);
                for (int p = 0; p < 2; p++)
                {
                    c.vcvtdq2ps(Sum(p, t), Sum(p, t));
                    c.vmulps(product[p], broadcast[0], __[Int8Frame.Scales + ((64 * group) + (32 * p))]);
                    c.vfmadd213ps(Sum(p, t), product[p], Result(t, p));
                    c.vmovups(Result(t, p), Sum(p, t));
                }
            }
        }
        frame.Next(loop, variant.Groups, starts: false, minimums: false, valueBytes: 2);
        Registers.Leave(c);
        return c;

        static AssemblerRegisterYMM Sum(int p, int t) => Registers.Y[(p * Tile) + t];

        AssemblerMemoryOperand Result(int t, int p) => t switch
        {
            0 => __ymmword_ptr[Int8Frame.Y + (32 * p)],
            1 => __ymmword_ptr[Int8Frame.Y + Int8Frame.YStep + (32 * p)],
            2 => __ymmword_ptr[Int8Frame.Y + (Int8Frame.YStep * 2) + (32 * p)],
            _ => __ymmword_ptr[Int8Frame.Y + yThree + (32 * p)],
        };
    }
}
