using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Unpack;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// The int8 product with AVX2, assembled at run time so that eight sums of 16 rows × 4 tokens stay in registers: each weight vector serves four
/// multiplications, each activation broadcast two. vpmaddubsw sums two products into 16 bits; as many as surely fit are added there before they are widened.
/// Rows that lie side by side need not become panels where taking them apart takes an instruction or two: for some tokens, or where there is nothing to take apart.
/// </summary>
internal sealed unsafe class Avx2Int8Kernel : Int8Kernel
{
    private const int Tile = 4;

    /// <summary>Beyond so many tokens four bits are better taken apart once than for every tile.</summary>
    private const int MostNibbleTokens = 32;

    private readonly Int8Entries entries = new(Tile, variant => Assemble(variant, null, asks: false));

    private readonly StoredEntries stored = new(Tile, Assemble);

    public override int TileTokens => Tile;

    public override bool ReadsSigned(Unpacker format) => Narrow(format) == Int8Sums.One;

    public override void Run(Int8Call call, Unpacker format, int panels, int tokens) =>
        entries.RunTiles(ref call, format, format.Zero != 0 && !ReadsSigned(format), Narrow(format), panels, tokens);

    public override bool ReadsStored(TensorType type, int tokens) => HalfReader.IsAvailable && StoredRows.Of(type) is { IsPlain: true } rows && (rows.Form == StoredForm.Bytes || tokens <= MostNibbleTokens);

    public override void RunStored(TensorType type, Int8Call call, Unpacker format, int panels, int tokens) =>
        stored.Run(type, call, format, format.Zero != 0 && !ReadsSigned(format), Narrow(format), panels, tokens);

    protected override void RunTile(in Int8Call call, Unpacker format, int panels, int tokens) => Run(call, format, panels, tokens);

    /// <summary>
    /// What fits into 16 bits: n steps of two products make at most n · 2 · 127 · (largest byte or magnitude).
    /// Signed bytes are multiplied as magnitudes, their signs given to the activations.
    /// </summary>
    private static Int8Sums Narrow(Unpacker format) => format.Largest switch
    {
        <= 15 => Int8Sums.Eight,
        <= 31 => Int8Sums.Four,
        63 when format.GroupSize == 16 => Int8Sums.Two,
        _ => Int8Sums.One,
    };

    private static Assembler Assemble(Int8Variant variant, StoredRows? rows, bool asks)
    {
        (int groups, bool starts, bool minimums, _, int tokens) = variant;
        bool signed = variant.Sums == Int8Sums.One;
        int quads = 8 / groups;
        // Formats of five bits have 32 columns to a scale: the sums of the first half wait on the stack for those of the second.
        int stretch = variant.Sums switch { Int8Sums.One or Int8Sums.Two => 1, Int8Sums.Four => Math.Min(4, quads), _ => quads };
        bool waits = variant.Sums == Int8Sums.Four && stretch < quads;
        var c = new Assembler(64);
        var frame = rows is null ? new Int8Frame(c, Tile) : new Int8Frame(c, Tile, rows.BlockBytes, asks);
        AssemblerRegister64 panel = Int8Frame.Panel, scales = Int8Frame.Scales, lows = Int8Frame.Lows, x = Int8Frame.X, xScales = Int8Frame.XScales, start = Int8Frame.Start, xSums = Int8Frame.XSums, ahead = Int8Frame.Ahead;
        frame.Begin();
        if (waits) c.sub(rsp, 32 * 2 * Tile);

        AssemblerRegisterYMM Sum(int p, int t) => Registers.Y[p * Tile + t];
        // Signed weights are in registers by magnitude, and give their signs from memory.
        AssemblerRegisterYMM[] weight = [ymm8, ymm9], product = [ymm13, ymm15];
        AssemblerRegisterYMM broadcast = ymm12, ones = ymm14;
        c.vpcmpeqd(ones, ones, ones);
        c.vpsrlw(ones, ones, 15);
        AssemblerRegisterYMM nibbles = ymm10;
        if (rows is { Form: StoredForm.Nibbles })
        {
            c.vpcmpeqd(nibbles, nibbles, nibbles);
            c.vpsrlw(nibbles, nibbles, 12);
            c.vpackuswb(nibbles, nibbles, nibbles);
        }

        frame.ForEachTile(variant.Panels, block =>
        {
            for (int group = 0; group < groups; group++)
            {
                if (variant.Sums == Int8Sums.Two) Sixteen(group);
                else Together(group);
            }
            frame.Next(block, groups, starts, minimums);
        });
        if (waits) c.add(rsp, 32 * 2 * Tile);
        Registers.Leave(c);
        return c;

        AssemblerMemoryOperand Weights(int quad, int p) => __[panel + ((rows?.DataAt ?? 0) + (64 * quad) + (32 * p))];

        void Load(AssemblerRegisterYMM to, int quad, int p)
        {
            if (signed) c.vpabsb(to, Weights(quad, p));
            else if (rows is not { Form: StoredForm.Nibbles }) c.vmovdqu(to, Weights(quad, p));
            else if (quad < 4) c.vpand(to, nibbles, Weights(quad, p));
            else
            {
                c.vmovdqu(to, Weights(quad - 4, p));
                c.vpsrlw(to, to, 4);
                c.vpand(to, to, nibbles);
            }
        }

        // All tokens step by step: their sums stay in registers.
        void Together(int group)
        {
            for (int step = 0; step < quads; step++)
            {
                int quad = group * quads + step;
                // Two of the four 32-byte pieces that a block of the next tile has: lines of 64 bytes.
                if (quad % 4 == 0) c.prefetcht0(__[x + ahead + (16 * quad)]);
                if (asks) frame.Ask(quad, rows!.BlockBytes);
                for (int p = 0; p < 2; p++) Load(weight[p], quad, p);
                for (int t = 0; t < tokens; t++)
                {
                    c.vpbroadcastd(broadcast, __dword_ptr[x + (Int8Activations.BlockSize * t) + (4 * quad)]);
                    Multiply(t, quad, step % stretch == 0 && (stretch > 1 || step == 0));
                }
                if (!waits || step != stretch - 1) continue;
                ForEachSum((p, t) =>
                {
                    c.vpmaddwd(Sum(p, t), Sum(p, t), ones);
                    c.vmovdqu(__[rsp + (32 * ((2 * t) + p))], Sum(p, t));
                });
            }
            for (int p = 0; rows is not null && p < 2; p++) c.vcvtph2ps(weight[p], __xmmword_ptr[panel + (16 * p)]);
            for (int t = 0; t < tokens; t++) Finish(t, group, [Sum(0, t), Sum(1, t)]);
        }

        // Token by token: the weights stay in registers, for two steps' sums are widened at once.
        void Sixteen(int group)
        {
            AssemblerRegisterYMM[] sums = [ymm8, ymm9], later = [ymm10, ymm11], addend = [ymm13, ymm15];
            c.prefetcht0(__[x + ahead + (64 * group)]);
            for (int i = 0; i < 8; i++) c.vmovdqu(Registers.Y[i], Weights((4 * group) + (i / 2), i % 2));
            for (int t = 0; t < tokens; t++)
            {
                for (int step = 0; step < 4; step++)
                {
                    int quad = (4 * group) + step;
                    c.vpbroadcastd(broadcast, __dword_ptr[x + (Int8Activations.BlockSize * t) + (4 * quad)]);
                    AssemblerRegisterYMM[] target = step < 2 ? sums : later;
                    for (int p = 0; p < 2; p++) c.vpmaddubsw(step % 2 == 0 ? target[p] : addend[p], Registers.Y[(2 * step) + p], broadcast);
                    if (step % 2 == 0) continue;
                    for (int p = 0; p < 2; p++) c.vpaddw(target[p], target[p], addend[p]);
                    for (int p = 0; p < 2; p++) c.vpmaddwd(target[p], target[p], ones);
                }
                for (int p = 0; p < 2; p++) c.vpaddd(sums[p], sums[p], later[p]);
                Finish(t, group, sums);
            }
        }

        // The group's sums of one token go to its results.
        void Finish(int t, int group, AssemblerRegisterYMM[] sums)
        {
            if (starts) c.vpbroadcastd(broadcast, __dword_ptr[start + (4 * ((group * Tile) + t))]);
            for (int p = 0; p < 2; p++)
            {
                if (stretch > 1) c.vpmaddwd(sums[p], sums[p], ones);
                if (waits) c.vpaddd(sums[p], sums[p], __[rsp + (32 * ((2 * t) + p))]);
                if (starts) c.vpaddd(sums[p], sums[p], broadcast);
                c.vcvtdq2ps(sums[p], sums[p]);
            }
            c.vbroadcastss(broadcast, __dword_ptr[xScales + (4 * t)]);
            for (int p = 0; p < 2; p++)
            {
                if (rows is null) c.vmulps(product[p], broadcast, __[scales + (64 * group) + (32 * p)]);
                else c.vmulps(product[p], broadcast, weight[p]);
                c.vfmadd213ps(sums[p], product[p], Int8Frame.Result(t, p));
            }
            if (minimums)
            {
                c.vbroadcastss(broadcast, __dword_ptr[xSums + (4 * ((group * Tile) + t))]);
                for (int p = 0; p < 2; p++) c.vfnmadd231ps(sums[p], broadcast, __[lows + (64 * group) + (32 * p)]);
            }
            for (int p = 0; p < 2; p++) c.vmovups(Int8Frame.Result(t, p), sums[p]);
        }

        // Both products of a token go through each step together: a chain of dependent instructions at a time holds back what could run while activations are on their way.
        void Multiply(int t, int quad, bool first)
        {
            AssemblerRegisterYMM Target(int p) => first ? Sum(p, t) : product[p];
            for (int p = 0; signed && p < 2; p++) c.vpsignb(Target(p), broadcast, Weights(quad, p));
            for (int p = 0; p < 2; p++) c.vpmaddubsw(Target(p), weight[p], signed ? Target(p) : broadcast);
            for (int p = 0; stretch == 1 && p < 2; p++) c.vpmaddwd(Target(p), Target(p), ones);
            for (int p = 0; !first && p < 2; p++)
            {
                if (stretch == 1) c.vpaddd(Sum(p, t), Sum(p, t), product[p]);
                else c.vpaddw(Sum(p, t), Sum(p, t), product[p]);
            }
        }

        void ForEachSum(Action<int, int> body)
        {
            for (int t = 0; t < tokens; t++)
            {
                for (int p = 0; p < 2; p++) body(p, t);
            }
        }
    }
}
