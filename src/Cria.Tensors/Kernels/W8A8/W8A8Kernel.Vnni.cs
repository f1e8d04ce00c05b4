using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.MatMul;
using Cria.Tensors.Kernels.Unpack;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>
/// With VNNI's vpdpbusd, assembled at run time. 32 rows × 12 tokens: twenty-four sums stay in registers over a stretch of columns, with no scale among them.
/// The instruction multiplies unsigned with signed bytes, so a weight is taken as weight + 128, and a token's sums begin at −128 · Σx; both wrap around 32 bits alike.
/// </summary>
internal sealed unsafe class VnniW8A8Kernel : W8A8Kernel
{
    private const int Tile = 12, Stretch = W8A8Activations.StretchColumns, PanelBytes = 16 * Stretch, BlockColumns = 32;

    private readonly VectorW8A8Kernel<W8A8Lanes512> few = new();
    private readonly nint[] entries = new nint[2 * Tile];
    private readonly Lock building = new();

    public override int TileTokens => Tile;

    public override void Run(CpuWeight weight, int firstPanel, int panels, in W8A8Activations x, int* sums, byte* scratch)
    {
        if (x.Tokens <= 2)
        {
            few.Run(weight, firstPanel, panels, x, sums, scratch);
            return;
        }
        for (int token = 0; token < x.Tokens; token++) new Span<int>(sums + token * MatMulKernel.TileRows, MatMulKernel.TileRows).Fill(-128 * x.Sums[token]);
        var call = new W8A8Call { Panel = scratch, YTokenBytes = MatMulKernel.TileRows * sizeof(int) };
        for (int panel = 0; panel < panels; panel += 2)
        {
            int together = Math.Min(2, panels - panel);
            for (int column = 0; column < weight.Columns; column += Stretch)
            {
                int columns = Math.Min(Stretch, weight.Columns - column);
                for (int p = 0; p < together; p++) Unpack(weight.Panel(firstPanel + panel + p).Data + column, (nint)weight.RowBytes, columns, scratch + p * PanelBytes);
                call.Blocks = columns / BlockColumns;
                for (int token = 0; token < x.Tokens; token += Tile)
                {
                    call.X = x.Tiles + (long)token * x.Columns + (long)column * Tile;
                    call.Y = sums + token * MatMulKernel.TileRows + panel * 16;
                    Invoke(call, together, Math.Min(Tile, x.Tokens - token));
                }
            }
        }
    }

    /// <summary>16 rows as weight + 128: for each 4 columns 64 bytes, row r's four at 4·r.</summary>
    private static void Unpack(byte* rows, nint rowBytes, int columns, byte* panel)
    {
        Vector512<byte> flip = Vector512.Create((byte)128);
        for (int column = 0; column < columns; column += 16, panel += 256)
        {
            Avx512Rows.Turn(rows + column, rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3);
            (v0 ^ flip).Store(panel);
            (v1 ^ flip).Store(panel + 64);
            (v2 ^ flip).Store(panel + 128);
            (v3 ^ flip).Store(panel + 192);
        }
    }

    private void Invoke(in W8A8Call call, int panels, int tokens)
    {
        int index = (panels - 1) * Tile + tokens - 1;
        nint entry = entries[index];
        if (entry == 0) entry = Build(index, panels, tokens);
        fixed (W8A8Call* arguments = &call) ((delegate* unmanaged[SuppressGCTransition]<W8A8Call*, void>)entry)(arguments);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private nint Build(int index, int panels, int tokens)
    {
        lock (building)
        {
            if (entries[index] == 0) entries[index] = (nint)ExecutableMemory.Place(Assemble(panels, tokens));
            return entries[index];
        }
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<W8A8Call>(field);

    private static Assembler Assemble(int panels, int tokens)
    {
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, panel = rsi, x = r8, y = r11, yStep = rbp, blocks = r12;
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        c.mov(panel, __[arguments + Offset(nameof(W8A8Call.Panel))]);
        c.mov(x, __[arguments + Offset(nameof(W8A8Call.X))]);
        c.mov(yStep, __[arguments + Offset(nameof(W8A8Call.YTokenBytes))]);
        c.mov(blocks, __[arguments + Offset(nameof(W8A8Call.Blocks))]);

        AssemblerRegisterZMM Sum(int p, int t) => Registers.Z[p * Tile + t];
        AssemblerRegisterZMM[] weight = [zmm24, zmm25];
        AssemblerRegisterZMM broadcast = zmm26;

        ForEachToken(t =>
        {
            for (int p = 0; p < panels; p++) c.vmovdqu32(Sum(p, t), __[y + 64 * p]);
        });
        Label loop = c.CreateLabel();
        c.Label(ref loop);
        for (int four = 0; four < BlockColumns / 4; four++)
        {
            for (int p = 0; p < panels; p++) c.vmovdqu32(weight[p], __[panel + p * PanelBytes + 64 * four]);
            for (int t = 0; t < tokens; t++)
            {
                c.vpbroadcastd(broadcast, __[x + 4 * (Tile * four + t)]);
                for (int p = 0; p < panels; p++) c.vpdpbusd(Sum(p, t), weight[p], broadcast);
            }
        }
        c.add(panel, 16 * BlockColumns);
        c.add(x, Tile * BlockColumns);
        c.dec(blocks);
        c.jnz(loop);
        ForEachToken(t =>
        {
            for (int p = 0; p < panels; p++) c.vmovdqu32(__[y + 64 * p], Sum(p, t));
        });
        Registers.Leave(c);
        return c;

        void ForEachToken(Action<int> body)
        {
            c.mov(y, __[arguments + Offset(nameof(W8A8Call.Y))]);
            for (int t = 0; t < tokens; t++)
            {
                body(t);
                if (t < tokens - 1) c.add(y, yStep);
            }
        }
    }
}
