using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Unpack;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// The int8 product with VNNI's vpdpbusd, assembled at run time because .NET has no such intrinsic for 512 bits. 32 rows × 6 tokens: twelve integer sums and
/// twelve float sums stay in registers, and each activation broadcast serves two multiplications.
/// </summary>
internal sealed unsafe class VnniInt8Kernel : Int8Kernel
{
    private const int Tile = 6;

    private readonly Int8Entries entries = new(Tile, Assemble);

    public override int TileTokens => Tile;

    public override bool ReadsSigned(Unpacker format) => false;

    protected override void RunTile(in Int8Call call, Unpacker format, int panels, int tokens) => entries.Run(call, format, format.Zero != 0, Int8Sums.Wide, panels, tokens);

    private static Assembler Assemble(Int8Variant variant)
    {
        (int groups, bool starts, bool minimums, int panels, int tokens) = variant;
        var c = new Assembler(64);
        var frame = new Int8Frame(c, Tile);
        AssemblerRegister64 panel = Int8Frame.Panel, scales = Int8Frame.Scales, lows = Int8Frame.Lows, x = Int8Frame.X, xScales = Int8Frame.XScales, start = Int8Frame.Start, y = Int8Frame.Y, xSums = Int8Frame.XSums, yStep = Int8Frame.YStep;
        frame.Enter();

        AssemblerRegisterZMM Integer(int p, int t) => Registers.Z[p * Tile + t];
        AssemblerRegisterZMM Float(int p, int t) => Registers.Z[12 + p * Tile + t];
        AssemblerRegisterZMM[] weight = [zmm24, zmm25], weightScale = [zmm27, zmm28];
        AssemblerRegisterZMM broadcast = zmm26, product = zmm29;

        ForEachToken(t =>
        {
            for (int p = 0; p < panels; p++) c.vmovups(Float(p, t), __[y + 64 * p]);
        });
        Label loop = c.CreateLabel();
        c.Label(ref loop);
        for (int group = 0; group < groups; group++)
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
                for (int p = 0; p < panels; p++) c.vmovdqu32(weight[p], __[panel + p * Int8Call.PanelStride + 64 * quad]);
                for (int t = 0; t < tokens; t++)
                {
                    c.vpbroadcastd(broadcast, __[x + Int8Activations.BlockSize * t + 4 * quad]);
                    for (int p = 0; p < panels; p++) c.vpdpbusd(Integer(p, t), weight[p], broadcast);
                }
            }
            for (int p = 0; p < panels; p++) c.vmovups(weightScale[p], __[scales + p * Int8Call.ScaleStride + 64 * group]);
            for (int t = 0; t < tokens; t++)
            {
                for (int p = 0; p < panels; p++)
                {
                    c.vcvtdq2ps(Integer(p, t), Integer(p, t));
                    c.vmulps(product, weightScale[p], __dword_bcst[xScales + 4 * t]);
                    c.vfmadd231ps(Float(p, t), Integer(p, t), product);
                }
            }
            if (!minimums) continue;
            for (int p = 0; p < panels; p++) c.vmovups(weightScale[p], __[lows + p * Int8Call.ScaleStride + 64 * group]);
            for (int t = 0; t < tokens; t++)
            {
                for (int p = 0; p < panels; p++) c.vfnmadd231ps(Float(p, t), weightScale[p], __dword_bcst[xSums + 4 * (group * Tile + t)]);
            }
        }
        frame.Next(loop, groups, starts, minimums);
        ForEachToken(t =>
        {
            for (int p = 0; p < panels; p++) c.vmovups(__[y + 64 * p], Float(p, t));
        });
        Registers.Leave(c);
        return c;

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
