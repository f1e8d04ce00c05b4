using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.MatMul;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>
/// Products assembled at run time: rows are unpacked to panels of 16 in the first-level cache, and all tokens pass by in tiles whose sums stay in registers over a stretch of columns, with no
/// scale among them. One or two tokens are not worth a panel.
/// </summary>
/// <param name="few">Who computes one or two tokens.</param>
/// <param name="tile">Tokens of a tile.</param>
/// <param name="stretch">Columns of a panel.</param>
/// <param name="panelBytes">Bytes of a panel.</param>
/// <param name="most">Panels of one call: 1 or 2.</param>
internal abstract unsafe class AssembledW8A8Kernel(W8A8Kernel few, int tile, int stretch, int panelBytes, int most) : W8A8Kernel
{
    /// <summary>Columns of a block of a call.</summary>
    protected const int BlockColumns = 32;

    /// <summary>Panels, a block further each time.</summary>
    protected static readonly AssemblerRegister64 Panel = rsi;

    /// <summary>Activations of the tile.</summary>
    protected static readonly AssemblerRegister64 X = r8;

    /// <summary>Those of the next call.</summary>
    protected static readonly AssemblerRegister64 Ahead = rbx;

    /// <summary>Sums of a token.</summary>
    protected static readonly AssemblerRegister64 Y = r11;

    // Panels that the same activations meet one after another while they are in the first-level cache.
    private const int Together = 2;

    private readonly nint[] entries = new nint[2 * tile];
    private readonly Lock building = new();

    public override int TileTokens => tile;

    public override int TileStretch => stretch;

    public override bool ReadsTiles(int tokens) => tokens > 2;

    /// <summary>A panel from 16 rows of weights.</summary>
    protected abstract void Unpack(byte* rows, nint rowBytes, int columns, byte* panel);

    /// <summary>What a token's sums begin with.</summary>
    protected abstract int FirstSum(in W8A8Activations x, int token);

    /// <summary>Loads, or stores, a token's sums at <see cref="Y"/>.</summary>
    protected abstract void MoveSums(Assembler c, int token, int panels, bool load);

    /// <summary>The products of a block of columns, of so many panels and tokens of a tile.</summary>
    protected abstract void Multiply(Assembler c, int panels, int tokens);

    public override void Run(CpuWeight weight, int firstPanel, int panels, in W8A8Activations x, int* sums, byte* scratch)
    {
        if (!ReadsTiles(x.Tokens))
        {
            few.Run(weight, firstPanel, panels, x, sums, scratch);
            return;
        }
        for (int token = 0; token < x.Tokens; token++) new Span<int>(sums + token * MatMulKernel.TileRows, panels * 16).Fill(FirstSum(x, token));
        int numberBytes = 4 / TileColumns, whole = x.Tokens / tile;
        var call = new W8A8Call { YTokenBytes = MatMulKernel.TileRows * sizeof(int) };
        for (int panel = 0; panel < panels; panel += Together)
        {
            int together = Math.Min(Together, panels - panel);
            for (int column = 0; column < weight.Columns; column += stretch)
            {
                int columns = Math.Min(stretch, weight.Columns - column);
                for (int p = 0; p < together; p++) Unpack(weight.Panel(firstPanel + panel + p).Data + column, (nint)weight.RowBytes, columns, scratch + p * panelBytes);
                call.Panel = scratch;
                call.Panels = Math.Max(1, together / most);
                call.Blocks = columns / BlockColumns;
                call.X = (sbyte*)x.InTile(0, column);
                call.NextX = (long)tile * columns * numberBytes;
                call.Y = sums + panel * 16;
                call.Tiles = whole;
                if (whole > 0) Invoke(ref call, Math.Min(most, together), tile);
                call.Tiles = 1;
                if (x.Tokens % tile != 0) Invoke(ref call, Math.Min(most, together), x.Tokens % tile);
            }
        }
    }

    private Assembler Assemble(int panels, int tokens)
    {
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, yStep = rbp, blocks = r12, panelsLeft = r9, itsPanel = r10, itsY = r13;
        int xBytes = tile * BlockColumns * 4 / TileColumns;
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        Label nextTile = c.CreateLabel(), nextPanel = c.CreateLabel(), block = c.CreateLabel();
        Load(yStep, nameof(W8A8Call.YTokenBytes));
        c.Label(ref nextTile);
        Load(Panel, nameof(W8A8Call.Panel));
        Load(panelsLeft, nameof(W8A8Call.Panels));
        Load(Y, nameof(W8A8Call.Y));
        c.Label(ref nextPanel);
        Load(X, nameof(W8A8Call.X));
        Load(blocks, nameof(W8A8Call.Blocks));
        Load(Ahead, nameof(W8A8Call.NextX));
        c.add(Ahead, X);
        c.mov(itsPanel, Panel);
        c.mov(itsY, Y);
        ForEachToken(load: true);
        c.Label(ref block);
        Multiply(c, panels, tokens);
        c.add(Panel, panelBytes / stretch * BlockColumns);
        c.add(X, xBytes);
        c.add(Ahead, xBytes);
        c.dec(blocks);
        c.jnz(block);
        c.mov(Y, itsY);
        ForEachToken(load: false);
        c.lea(Y, __[itsY + (panels * 16 * sizeof(int))]);
        c.lea(Panel, __[itsPanel + (panels * panelBytes)]);
        c.dec(panelsLeft);
        c.jnz(nextPanel);
        Load(X, nameof(W8A8Call.NextX));
        c.add(__qword_ptr[arguments + Offset(nameof(W8A8Call.X))], X);
        c.imul(X, yStep, tile);
        c.add(__qword_ptr[arguments + Offset(nameof(W8A8Call.Y))], X);
        c.dec(__qword_ptr[arguments + Offset(nameof(W8A8Call.Tiles))]);
        c.jnz(nextTile);
        Registers.Leave(c);
        return c;

        void Load(AssemblerRegister64 register, string field) => c.mov(register, __[arguments + Offset(field)]);

        void ForEachToken(bool load)
        {
            for (int t = 0; t < tokens; t++)
            {
                MoveSums(c, t, panels, load);
                if (t < tokens - 1) c.add(Y, yStep);
            }
        }
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<W8A8Call>(field);

    private void Invoke(ref W8A8Call call, int panels, int tokens)
    {
        int index = (panels - 1) * tile + tokens - 1;
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
}
