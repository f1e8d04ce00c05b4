using Cria.Tensors.Kernels.Assembled;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>The code of <see cref="VnniInt8Kernel"/> for one variant, over panels or rows as they are stored.</summary>
internal sealed class VnniInt8Code
{
    /// <summary>Bytes from panel to panel of the floats that a block of 256 columns brings: sixteen scales a row, or eight and as many minimums.</summary>
    private const int ScaleStep = 1024, MinimumsAt = ScaleStep / 2;

    private static readonly AssemblerRegister64 Panel = Int8Frame.Panel, Scales = Int8Frame.Scales, Lows = Int8Frame.Lows, X = Int8Frame.X, XScales = Int8Frame.XScales, Start = Int8Frame.Start, Y = Int8Frame.Y, XSums = Int8Frame.XSums, YStep = Int8Frame.YStep;

    /// <summary>Room for the scales of a block of 256 columns. This kernel asks for no activations, so their register is free.</summary>
    private static readonly AssemblerRegister64 Room = Int8Frame.Ahead;

    private static readonly AssemblerRegisterZMM[] Weight = [zmm24, zmm25], WeightScale = [zmm27, zmm28];
    private static readonly AssemblerRegisterZMM Broadcast = zmm26, Product = zmm29, Lower = zmm30, Upper = zmm31;

    private readonly Assembler c = new(64);
    private readonly Int8Frame frame;
    private readonly VnniHeads heads;
    private readonly StoredRows? rows;
    private readonly int groups, panels, tokens, tile, scaleStride;
    private readonly bool starts, minimums, hasHeads, asks;

    /// <summary>Begins the code of a variant.</summary>
    /// <param name="variant">What distinguishes it.</param>
    /// <param name="tile">Tokens of a tile.</param>
    /// <param name="rows">How rows are stored; null for panels.</param>
    /// <param name="asks">The rows that are read next are asked for on the way; where minimums have the pointer they are not.</param>
    public VnniInt8Code(Int8Variant variant, int tile, StoredRows? rows, bool asks)
    {
        (groups, starts, minimums, panels, tokens) = variant;
        this.tile = tile;
        this.rows = rows;
        hasHeads = rows is { IsPlain: false };
        this.asks = asks && !minimums;
        scaleStride = hasHeads ? ScaleStep : Int8Call.ScaleStride;
        // Of blocks of 256 columns the pointer goes on by what was read.
        frame = rows is null ? new Int8Frame(c, tile) : new Int8Frame(c, tile, hasHeads ? 0 : rows.BlockBytes, this.asks);
        heads = new VnniHeads(c);
    }

    /// <summary>All of it.</summary>
    public Assembler Assemble()
    {
        // Less than a page: Windows wants the stack touched page by page.
        const int Alignment = 64, RoomBytes = 2 * ScaleStep + Alignment;
        frame.Begin();
        if (hasHeads) c.sub(rsp, RoomBytes);
        Constants();
        frame.ForEachTile(panels: 1, _ =>
        {
            if (panels == 2) frame.LoadNextPanel();
            if (hasHeads)
            {
                c.lea(Room, __[rsp + (Alignment - 1)]);
                c.and(Room, -Alignment);
            }
            ForEachToken(t =>
            {
                for (int p = 0; p < panels; p++) c.vmovups(Float(p, t), __[Y + 64 * p]);
            });
            Label loop = c.CreateLabel();
            c.Label(ref loop);
            Block();
            frame.Next(loop, groups, starts, minimums);
            ForEachToken(t =>
            {
                for (int p = 0; p < panels; p++) c.vmovups(__[Y + 64 * p], Float(p, t));
            });
        });
        if (hasHeads) c.add(rsp, RoomBytes);
        Registers.Leave(c);
        heads.End();
        return c;
    }

    private void Constants()
    {
        switch (rows?.Form)
        {
            case StoredForm.Bytes:
                // Makes a signed byte that byte + 128.
                heads.Bytes(Lower, 128);
                break;
            case StoredForm.Nibbles or StoredForm.PairedNibbles:
                heads.Bytes(Lower, 15);
                break;
            case StoredForm.PackedSix:
                heads.Bytes(Lower, 63);
                heads.Bytes(Upper, 192);
                break;
        }
    }

    /// <summary>32 columns, or 64 that share their bytes.</summary>
    private void Block()
    {
        if (hasHeads)
        {
            Label columns = c.CreateLabel();
            frame.Within(8, columns);
            for (int p = 0; p < panels; p++) Head(p);
            c.add(Panel, rows!.DataAt);
            c.mov(Scales, Room);
            if (minimums) c.lea(Lows, __[Room + MinimumsAt]);
            c.Label(ref columns);
        }
        if (rows is { Form: StoredForm.PairedNibbles })
        {
            Group(0, (to, quad, p) => c.vpandd(to, Lower, __[Row(p, 64 * quad)]));
            frame.Step(groups, starts, minimums);
            Group(0, (to, quad, p) => HighNibbles(to, Row(p, 64 * quad)));
            c.add(Panel, 512);
            return;
        }
        for (int group = 0; group < groups; group++) Group(group, Load);
        if (rows is { Form: StoredForm.PackedSix }) c.add(Panel, 384);
        if (asks && hasHeads) c.add(Lows, rows!.BlockBytes / 8);
    }

    /// <summary>The scales of a panel's block of 256 columns, and its minimums, as floats in <see cref="Room"/>.</summary>
    private void Head(int p)
    {
        // Integer sums are not in use yet.
        AssemblerRegisterZMM[] places = [zmm4, zmm5, zmm6, zmm7];
        AssemblerRegisterZMM factor = zmm8, minimum = zmm9, scale = zmm2;
        if (rows!.Form == StoredForm.PackedSix)
        {
            AssemblerRegisterZMM[] bytes = [zmm24, zmm25, zmm26, zmm27];
            heads.Shrink(factor);
            c.vcvtph2ps(scale, __ymmword_ptr[Row(p, 0)]);
            c.vmulps(factor, factor, scale);
            heads.Places(places, to: 3);
            for (int i = 0; i < 4; i++) c.vmovdqu32(bytes[i], __[Row(p, 32 + 64 * i)]);
            Store(bytes, 16, factor, 0);
            return;
        }
        AssemblerRegisterZMM[] scales = [zmm24, zmm25], lows = [zmm26, zmm27];
        heads.Bytes(zmm10, 63);
        heads.Bytes(zmm11, 48);
        heads.Q4_K(at => __[Row(p, 16 * at)], factor, minimum, scales, lows, Lower, zmm10, zmm11);
        heads.Places(places, to: 0);
        Store(scales, 8, factor, 0);
        Store(lows, 8, minimum, MinimumsAt);

        void Store(AssemblerRegisterZMM[] bytes, int count, AssemblerRegisterZMM factor, int at)
        {
            for (int group = 0; group < count; group++)
            {
                heads.Scale(scale, bytes, group, places, factor);
                c.vmovups(__[Room + at + ScaleStep * p + 64 * group], scale);
            }
        }
    }

    private void Group(int group, Action<AssemblerRegisterZMM, int, int> load)
    {
        for (int t = 0; t < tokens; t++)
        {
            if (starts) c.vpbroadcastd(Integer(0, t), __[Start + 4 * (group * tile + t)]);
            else c.vpxord(Integer(0, t), Integer(0, t), Integer(0, t));
            if (panels == 2) c.vmovdqa64(Integer(1, t), Integer(0, t));
        }
        int quads = 8 / groups;
        for (int quad = group * quads; quad < (group + 1) * quads; quad++)
        {
            if (asks) frame.Ask(quad, hasHeads ? rows!.BlockBytes / 8 : rows!.BlockBytes, panels);
            for (int p = 0; p < panels; p++) load(Weight[p], quad, p);
            for (int t = 0; t < tokens; t++)
            {
                c.vpbroadcastd(Broadcast, __[X + Int8Activations.BlockSize * t + 4 * quad]);
                for (int p = 0; p < panels; p++) c.vpdpbusd(Integer(p, t), Weight[p], Broadcast);
            }
        }
        for (int p = 0; p < panels; p++)
        {
            if (rows is { IsPlain: true }) c.vcvtph2ps(WeightScale[p], __ymmword_ptr[Row(p, 0)]);
            else c.vmovups(WeightScale[p], __[Scales + p * scaleStride + 64 * group]);
        }
        for (int t = 0; t < tokens; t++)
        {
            for (int p = 0; p < panels; p++)
            {
                c.vcvtdq2ps(Integer(p, t), Integer(p, t));
                c.vmulps(Product, WeightScale[p], __dword_bcst[XScales + 4 * t]);
                c.vfmadd231ps(Float(p, t), Integer(p, t), Product);
            }
        }
        if (!minimums) return;
        for (int p = 0; p < panels; p++) c.vmovups(WeightScale[p], __[Lows + p * scaleStride + 64 * group]);
        for (int t = 0; t < tokens; t++)
        {
            for (int p = 0; p < panels; p++) c.vfnmadd231ps(Float(p, t), WeightScale[p], __dword_bcst[XSums + 4 * (group * tile + t)]);
        }
    }

    /// <summary>Four columns of a panel's rows as unsigned bytes.</summary>
    private void Load(AssemblerRegisterZMM to, int quad, int p)
    {
        switch (rows?.Form)
        {
            case null:
                c.vmovdqu32(to, __[Row(p, 64 * quad)]);
                break;
            case StoredForm.Bytes:
                c.vpxord(to, Lower, __[Row(p, rows.DataAt + 64 * quad)]);
                break;
            case StoredForm.Nibbles when quad < 4:
                c.vpandd(to, Lower, __[Row(p, rows.DataAt + 64 * quad)]);
                break;
            case StoredForm.Nibbles:
                HighNibbles(to, Row(p, rows.DataAt + 64 * (quad - 4)));
                break;
            case StoredForm.PackedSix when quad % 4 < 3:
                c.vpandd(to, Lower, __[Word(quad % 4)]);
                break;
            default:
                // The fourth four columns have their bits above the others'.
                c.vpandd(to, Upper, __[Word(0)]);
                for (int i = 1; i < 3; i++)
                {
                    c.vpsrlw(to, to, 2);
                    // a | (b & c)
                    c.vpternlogd(to, Upper, __[Word(i)], 0xF8);
                }
                c.vpsrlw(to, to, 2);
                break;
        }

        AssemblerMemoryOperand Word(int i) => Row(p, 192 * (quad / 4) + 64 * i);
    }

    private void HighNibbles(AssemblerRegisterZMM to, AssemblerMemoryOperand from)
    {
        c.vpsrld(to, __[from], 4);
        c.vpandd(to, to, Lower);
    }

    private static AssemblerMemoryOperand Row(int p, int at) => p == 0 ? Panel + at : Panel + Int8Frame.NextPanel + at;

    private AssemblerRegisterZMM Integer(int p, int t) => Registers.Z[p * tile + t];

    private AssemblerRegisterZMM Float(int p, int t) => Registers.Z[12 + p * tile + t];

    private void ForEachToken(Action<int> body)
    {
        frame.LoadY();
        for (int t = 0; t < tokens; t++)
        {
            body(t);
            if (t < tokens - 1) c.add(Y, YStep);
        }
    }
}
