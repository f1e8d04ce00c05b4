using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

    private static readonly AssemblerRegisterZMM[] Z =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    // [shape, panels, tokens]; filled as variants are first needed.
    private readonly nint[] entries = new nint[8 * 2 * Tile];
    private readonly Lock building = new();

    public override int TileTokens => Tile;

    public override bool SignedPanel => false;

    public override void Run(in Int8Call call, Unpacker format, int panels, int tokens)
    {
        int shape = (format.GroupSize == 16 ? 1 : 0) | (format.Zero != 0 ? 2 : 0) | (format.HasMinimum ? 4 : 0);
        nint entry = entries[(shape * 2 + panels - 1) * Tile + tokens - 1];
        if (entry == 0) entry = Build(shape, panels, tokens);
        fixed (Int8Call* arguments = &call) ((delegate* unmanaged<Int8Call*, void>)entry)(arguments);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private nint Build(int shape, int panels, int tokens)
    {
        lock (building)
        {
            ref nint entry = ref entries[(shape * 2 + panels - 1) * Tile + tokens - 1];
            if (entry == 0) entry = (nint)ExecutableMemory.Place(Assemble((shape & 1) != 0 ? 2 : 1, (shape & 2) != 0, (shape & 4) != 0, panels, tokens));
            return entry;
        }
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<Int8Call>(field);

    private static Assembler Assemble(int groups, bool starts, bool minimums, int panels, int tokens)
    {
        var c = new Assembler(64);
        AssemblerRegister64 arguments = OperatingSystem.IsWindows() ? rcx : rdi;
        AssemblerRegister64 panel = rsi, scales = rdx, lows = rax, x = r8, xScales = r9, start = r10, y = r11;
        AssemblerRegister64 xSums = rbx, yStep = rbp, blocks = r12;
        AssemblerRegister64[] saved = OperatingSystem.IsWindows() ? [rbx, rbp, r12, rsi, rdi] : [rbx, rbp, r12];
        foreach (AssemblerRegister64 register in saved) c.push(register);
        if (OperatingSystem.IsWindows()) SaveWindowsVectors(c);
        c.mov(panel, __[arguments + Offset(nameof(Int8Call.Panel))]);
        c.mov(scales, __[arguments + Offset(nameof(Int8Call.Scales))]);
        c.mov(lows, __[arguments + Offset(nameof(Int8Call.Minimums))]);
        c.mov(x, __[arguments + Offset(nameof(Int8Call.X))]);
        c.mov(xScales, __[arguments + Offset(nameof(Int8Call.XScales))]);
        c.mov(start, __[arguments + Offset(nameof(Int8Call.Starts))]);
        c.mov(xSums, __[arguments + Offset(nameof(Int8Call.XSums))]);
        c.mov(y, __[arguments + Offset(nameof(Int8Call.Y))]);
        c.mov(yStep, __[arguments + Offset(nameof(Int8Call.YTokenBytes))]);
        c.mov(blocks, __[arguments + Offset(nameof(Int8Call.Blocks))]);

        AssemblerRegisterZMM Integer(int p, int t) => Z[p * Tile + t];
        AssemblerRegisterZMM Float(int p, int t) => Z[12 + p * Tile + t];
        AssemblerRegisterZMM[] weight = [zmm24, zmm25], weightScale = [zmm27, zmm28];
        AssemblerRegisterZMM broadcast = zmm26, product = zmm29;

        ForEachToken(c, y, yStep, tokens, t =>
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
        c.add(panel, 64 * 8);
        c.add(x, Int8Activations.BlockSize * Tile);
        c.add(xScales, 4 * Tile);
        c.add(scales, 64 * groups);
        if (starts) c.add(start, 4 * Tile * groups);
        if (minimums)
        {
            c.add(xSums, 4 * Tile * groups);
            c.add(lows, 64 * groups);
        }
        c.dec(blocks);
        c.jnz(loop);

        c.mov(y, __[arguments + Offset(nameof(Int8Call.Y))]);
        ForEachToken(c, y, yStep, tokens, t =>
        {
            for (int p = 0; p < panels; p++) c.vmovups(__[y + 64 * p], Float(p, t));
        });
        if (OperatingSystem.IsWindows()) RestoreWindowsVectors(c);
        c.vzeroupper();
        foreach (AssemblerRegister64 register in saved.Reverse()) c.pop(register);
        c.ret();
        return c;
    }

    private static void ForEachToken(Assembler c, AssemblerRegister64 y, AssemblerRegister64 step, int tokens, Action<int> body)
    {
        for (int t = 0; t < tokens; t++)
        {
            body(t);
            if (t < tokens - 1) c.add(y, step);
        }
    }

    /// <summary>Windows' convention keeps the lower halves of xmm6 … xmm15 for the caller.</summary>
    private static void SaveWindowsVectors(Assembler c)
    {
        c.sub(rsp, 168);
        for (int i = 0; i < 10; i++) c.movups(__[rsp + 16 * i], Xmm(6 + i));
    }

    private static void RestoreWindowsVectors(Assembler c)
    {
        c.vzeroupper();
        for (int i = 0; i < 10; i++) c.movups(Xmm(6 + i), __[rsp + 16 * i]);
        c.add(rsp, 168);
    }

    private static AssemblerRegisterXMM Xmm(int number) => new AssemblerRegisterXMM[] { xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15 }[number];
}
