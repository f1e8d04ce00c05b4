using System.Collections.Concurrent;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Unpack;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// The int8 product with VNNI's vpdpbusd, assembled at run time because .NET has no such intrinsic for 512 bits. 32 rows × 6 tokens: twelve integer sums and
/// twelve float sums stay in registers, and each activation broadcast serves two multiplications.
/// Rows that lie side by side need not become panels where taking them apart takes an instruction or two: for some tokens, or where there is little to take apart.
/// </summary>
internal sealed unsafe class VnniInt8Kernel : Int8Kernel
{
    private const int Tile = 6;

    /// <summary>Beyond so many tokens four bits are better taken apart once than for every tile.</summary>
    private const int MostNibbleTokens = 36;

    private readonly Int8Entries entries = new(Tile, variant => Assemble(variant, null));

    private readonly ConcurrentDictionary<TensorType, Int8Entries> stored = new();

    public override int TileTokens => Tile;

    public override bool ReadsSigned(Unpacker format) => false;

    public override void Run(Int8Call call, Unpacker format, int panels, int tokens) => entries.RunTiles(ref call, format, format.Zero != 0, Int8Sums.Wide, panels, tokens);

    public override bool ReadsStored(TensorType type, int tokens) => HalfReader.IsAvailable && StoredRows.Of(type) is { } rows && (!rows.AreNibbles || tokens <= MostNibbleTokens);

    public override void RunStored(TensorType type, Int8Call call, Unpacker format, int panels, int tokens) =>
        stored.GetOrAdd(type, static type => new(Tile, variant => Assemble(variant, StoredRows.Of(type)))).RunTiles(ref call, format, format.Zero != 0, Int8Sums.Wide, panels, tokens);

    protected override void RunTile(in Int8Call call, Unpacker format, int panels, int tokens) => Run(call, format, panels, tokens);

    private static Assembler Assemble(Int8Variant variant, StoredRows? rows)
    {
        (int groups, bool starts, bool minimums, int panels, int tokens) = variant;
        var c = new Assembler(64);
        var frame = rows is null ? new Int8Frame(c, Tile) : new Int8Frame(c, Tile, rows.BlockBytes);
        AssemblerRegister64 panel = Int8Frame.Panel, nextPanel = Int8Frame.NextPanel, scales = Int8Frame.Scales, lows = Int8Frame.Lows, x = Int8Frame.X, xScales = Int8Frame.XScales, start = Int8Frame.Start, y = Int8Frame.Y, xSums = Int8Frame.XSums, yStep = Int8Frame.YStep;
        AssemblerRegisterZMM Integer(int p, int t) => Registers.Z[p * Tile + t];
        AssemblerRegisterZMM Float(int p, int t) => Registers.Z[12 + p * Tile + t];
        AssemblerRegisterZMM[] weight = [zmm24, zmm25], weightScale = [zmm27, zmm28];
        AssemblerRegisterZMM broadcast = zmm26, product = zmm29, constant = zmm30;
        frame.Begin();
        if (rows is not null)
        {
            // Four bits of a byte, or what makes a signed byte that byte + 128.
            c.mov(eax, rows.AreNibbles ? 0x0F0F0F0F : 0x80808080u);
            c.vpbroadcastd(constant, eax);
        }
        frame.ForEachTile(panels: 1, _ =>
        {
            if (panels == 2) frame.LoadNextPanel();
            ForEachToken(t =>
            {
                for (int p = 0; p < panels; p++) c.vmovups(Float(p, t), __[y + 64 * p]);
            });
            Label loop = c.CreateLabel();
            c.Label(ref loop);
            for (int group = 0; group < groups; group++) Group(group);
            frame.Next(loop, groups, starts, minimums);
            ForEachToken(t =>
            {
                for (int p = 0; p < panels; p++) c.vmovups(__[y + 64 * p], Float(p, t));
            });
        });
        Registers.Leave(c);
        return c;

        void Group(int group)
        {
            for (int t = 0; t < tokens; t++)
            {
                if (starts) c.vpbroadcastd(Integer(0, t), __[start + 4 * (group * Tile + t)]);
                else c.vpxord(Integer(0, t), Integer(0, t), Integer(0, t));
                if (panels == 2) c.vmovdqa64(Integer(1, t), Integer(0, t));
            }
            int quads = 8 / groups;
            for (int quad = group * quads; quad < (group + 1) * quads; quad++)
            {
                for (int p = 0; p < panels; p++) Load(weight[p], quad, p);
                for (int t = 0; t < tokens; t++)
                {
                    c.vpbroadcastd(broadcast, __[x + Int8Activations.BlockSize * t + 4 * quad]);
                    for (int p = 0; p < panels; p++) c.vpdpbusd(Integer(p, t), weight[p], broadcast);
                }
            }
            for (int p = 0; p < panels; p++)
            {
                if (rows is null) c.vmovups(weightScale[p], __[scales + p * Int8Call.ScaleStride + 64 * group]);
                else c.vcvtph2ps(weightScale[p], __ymmword_ptr[Row(p, 0)]);
            }
            for (int t = 0; t < tokens; t++)
            {
                for (int p = 0; p < panels; p++)
                {
                    c.vcvtdq2ps(Integer(p, t), Integer(p, t));
                    c.vmulps(product, weightScale[p], __dword_bcst[xScales + 4 * t]);
                    c.vfmadd231ps(Float(p, t), Integer(p, t), product);
                }
            }
            if (!minimums) return;
            for (int p = 0; p < panels; p++) c.vmovups(weightScale[p], __[lows + p * Int8Call.ScaleStride + 64 * group]);
            for (int t = 0; t < tokens; t++)
            {
                for (int p = 0; p < panels; p++) c.vfnmadd231ps(Float(p, t), weightScale[p], __dword_bcst[xSums + 4 * (group * Tile + t)]);
            }
        }

        void Load(AssemblerRegisterZMM to, int quad, int p)
        {
            if (rows is null) c.vmovdqu32(to, __[Row(p, 64 * quad)]);
            else if (!rows.AreNibbles) c.vpxord(to, constant, __[Row(p, StoredRows.DataAt + 64 * quad)]);
            else if (quad < 4) c.vpandd(to, constant, __[Row(p, StoredRows.DataAt + 64 * quad)]);
            else
            {
                c.vpsrld(to, __[Row(p, StoredRows.DataAt + 64 * (quad - 4))], 4);
                c.vpandd(to, to, constant);
            }
        }

        AssemblerMemoryOperand Row(int p, int at) => p == 0 ? panel + at : panel + nextPanel + at;

        void ForEachToken(Action<int> body)
        {
            frame.LoadY();
            for (int t = 0; t < tokens; t++)
            {
                body(t);
                if (t < tokens - 1) c.add(y, yStep);
            }
        }
    }
}
