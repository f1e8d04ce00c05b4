using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Unpack;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>
/// The int8 product with AMX: one tdpbssd multiplies 16 tokens by 16 rows over a whole group of columns, a panel being exactly the layout of its second operand.
/// The integer tile of a group is stored, and scaled into sixteen float sums while the tile unit works on the next. Few tokens go to the VNNI kernel: the same bits.
/// </summary>
internal sealed unsafe class AmxInt8Kernel : Int8Kernel
{
    private const int Tile = 16;

    /// <summary>Below this many tokens a tile would be mostly empty.</summary>
    private const int FewestTokens = 5;

    private readonly VnniInt8Kernel few = new(Tile);
    private readonly Int8Entries entries = new(1, Assemble);
    private readonly byte[] configurations = GC.AllocateArray<byte>(128, pinned: true);
    private readonly delegate* unmanaged<byte*, void> configure;
    private readonly delegate* unmanaged<void> release;

    public AmxInt8Kernel()
    {
        Configure(0, 32);
        Configure(1, 16);
        var c = new Assembler(64);
        c.ldtilecfg(__[Registers.FirstArgument]);
        c.ret();
        configure = (delegate* unmanaged<byte*, void>)ExecutableMemory.Place(c);
        c = new Assembler(64);
        c.tilerelease();
        c.ret();
        release = (delegate* unmanaged<void>)ExecutableMemory.Place(c);
    }

    public override int TileTokens => Tile;

    public override bool SignedPanel => true;

    public override bool ReadsSigned(int tokens) => tokens >= FewestTokens;

    public override void Enter(Unpacker format, int tokens)
    {
        if (tokens >= FewestTokens) configure(Configuration(format.GroupSize == 16 ? 1 : 0));
    }

    public override void Leave(int tokens)
    {
        // An idle tile unit keeps its state out of context switches.
        if (tokens >= FewestTokens) release();
    }

    public override void Run(in Int8Call call, Unpacker format, int panels, int tokens)
    {
        if (!ReadsSigned((int)call.TotalTokens))
        {
            few.Run(call, format, panels, tokens);
            return;
        }
        float* partial = stackalloc float[Tile * Unpacker.PanelRows];
        for (int panel = 0; panel < panels; panel++)
        {
            Int8Call part = call;
            part.Panel += panel * Int8Call.PanelStride;
            part.Scales += panel * (Int8Call.ScaleStride / sizeof(float));
            part.Minimums += panel * (Int8Call.ScaleStride / sizeof(float));
            part.Y += panel * Unpacker.PanelRows;
            float* y = part.Y;
            if (tokens < Tile)
            {
                // The last tile is computed whole, beside the result.
                for (int token = 0; token < tokens; token++) Row(y, token, call.YTokenBytes).CopyTo(Row(partial, token, 64));
                part.Y = partial;
                part.YTokenBytes = 64;
            }
            entries.Run(part, format, starts: false, 1, 1);
            if (tokens == Tile) continue;
            for (int token = 0; token < tokens; token++) Row(partial, token, 64).CopyTo(Row(y, token, call.YTokenBytes));
        }
    }

    private static Span<float> Row(float* y, int token, long tokenBytes) => new((byte*)y + token * tokenBytes, Unpacker.PanelRows);

    private byte* Configuration(int index) => (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(configurations, 64 * index);

    /// <summary>Palette 1: tile 0 is the sum, 16 × 16 integers; tile 1 the tokens, 16 × group bytes; tile 2 the panel, group/4 × 64 bytes.</summary>
    private void Configure(int index, int groupSize)
    {
        byte* configuration = Configuration(index);
        var widths = (ushort*)(configuration + 16);
        byte* rows = configuration + 48;
        configuration[0] = 1;
        (widths[0], rows[0]) = (64, 16);
        (widths[1], rows[1]) = ((ushort)groupSize, 16);
        (widths[2], rows[2]) = (64, (byte)(groupSize / 4));
        (widths[3], rows[3]) = (64, 16);
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<Int8Call>(field);

    private static Assembler Assemble(Int8Variant variant)
    {
        (int groups, _, bool minimums, _, _) = variant;
        int groupSize = Int8Activations.BlockSize / groups;
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, panel = rsi, scales = rdx, lows = rax, x = r8, xScales = r9, y = r11, xSums = rbx, yStep = rbp, left = r12;
        AssemblerRegister64 line = rcx, tokenLine = r10, sums = r13;
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        c.mov(panel, __[arguments + Offset(nameof(Int8Call.Panel))]);
        c.mov(scales, __[arguments + Offset(nameof(Int8Call.Scales))]);
        c.mov(lows, __[arguments + Offset(nameof(Int8Call.Minimums))]);
        c.mov(x, __[arguments + Offset(nameof(Int8Call.X))]);
        c.mov(xScales, __[arguments + Offset(nameof(Int8Call.XScales))]);
        c.mov(xSums, __[arguments + Offset(nameof(Int8Call.XSums))]);
        c.mov(yStep, __[arguments + Offset(nameof(Int8Call.YTokenBytes))]);
        c.mov(left, __[arguments + Offset(nameof(Int8Call.Blocks))]);
        c.mov(line, 64);
        c.mov(tokenLine, Int8Activations.BlockSize);
        // Two aligned 1 KiB squares of integers on the stack, used in turn; rdi keeps the stack pointer.
        c.mov(rdi, rsp);
        c.sub(rsp, 4096);
        c.and(rsp, -2048);
        c.mov(sums, rsp);

        ForEachToken(t => c.vmovups(Registers.Z[t], __[y]));
        Label loop = c.CreateLabel(), end = c.CreateLabel();
        Multiply(0);
        c.dec(left);
        c.jz(end);
        c.Label(ref loop);
        for (int group = 0; group < groups; group++)
        {
            if (group < groups - 1) Multiply(group + 1);
            else
            {
                c.add(panel, 64 * 8);
                c.add(x, Int8Activations.BlockSize * Tile);
                Multiply(0);
            }
            Scale(group);
        }
        NextBlock();
        c.dec(left);
        c.jnz(loop);
        c.Label(ref end);
        for (int group = 0; group < groups; group++)
        {
            if (group < groups - 1) Multiply(group + 1);
            else c.xor(sums, 1024);
            Scale(group);
        }
        ForEachToken(t => c.vmovups(__[y], Registers.Z[t]));
        c.mov(rsp, rdi);
        Registers.Leave(c);
        return c;

        // The integer sums of one group of the block at `panel` and `x`, into the square at `sums`; then the other square is next.
        void Multiply(int group)
        {
            c.tilezero(tmm0);
            c.tileloadd(tmm1, __[x + tokenLine + group * groupSize]);
            c.tileloadd(tmm2, __[panel + line + group * groupSize * 16]);
            c.tdpbssd(tmm0, tmm1, tmm2);
            c.tilestored(__[sums + line], tmm0);
            c.xor(sums, 1024);
        }

        // Scales the square `sums` points at: the one before the latest.
        void Scale(int group)
        {
            c.vmovups(zmm16, __[scales + 64 * group]);
            if (minimums) c.vmovups(zmm17, __[lows + 64 * group]);
            for (int t = 0; t < Tile; t++)
            {
                AssemblerRegisterZMM integer = Registers.Z[18 + t % 6], product = Registers.Z[24 + t % 6];
                c.vcvtdq2ps(integer, __zmmword_ptr[sums + 64 * t]);
                c.vmulps(product, zmm16, __dword_bcst[xScales + 4 * t]);
                c.vfmadd231ps(Registers.Z[t], integer, product);
                if (minimums) c.vfnmadd231ps(Registers.Z[t], zmm17, __dword_bcst[xSums + 4 * (group * Tile + t)]);
            }
        }

        void NextBlock()
        {
            c.add(xScales, 4 * Tile);
            c.add(scales, 64 * groups);
            if (!minimums) return;
            c.add(xSums, 4 * Tile * groups);
            c.add(lows, 64 * groups);
        }

        void ForEachToken(Action<int> body)
        {
            c.mov(y, __[arguments + Offset(nameof(Int8Call.Y))]);
            for (int t = 0; t < Tile; t++)
            {
                body(t);
                if (t < Tile - 1) c.add(y, yStep);
            }
        }
    }
}
