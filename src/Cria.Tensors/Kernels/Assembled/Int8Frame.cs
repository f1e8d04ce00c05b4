using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Int8;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>What every assembled int8 kernel begins and ends with: its arguments in registers, and the way from one block of 32 columns to the next.</summary>
/// <param name="c">Where code goes.</param>
/// <param name="tile">Tokens of a tile.</param>
/// <param name="blockBytes">Bytes from block to block of a panel.</param>
/// <param name="asks"><see cref="Lows"/> is, for formats without minimums, the place of the rows that are read next.</param>
internal sealed class Int8Frame(Assembler c, int tile, int blockBytes = 64 * 8, bool asks = false)
{
    private static readonly AssemblerRegister64 Arguments = r14, Blocks = r12, PanelsLeft = rcx, ThreeYSteps = r13;

    public static AssemblerRegister64 Panel => rsi;

    public static AssemblerRegister64 Scales => rdx;

    public static AssemblerRegister64 Lows => rax;

    public static AssemblerRegister64 X => r8;

    public static AssemblerRegister64 XScales => r9;

    public static AssemblerRegister64 Start => r10;

    public static AssemblerRegister64 Y => r11;

    public static AssemblerRegister64 XSums => rbx;

    public static AssemblerRegister64 YStep => rbp;

    public static AssemblerRegister64 Ahead => rdi;

    /// <summary>Bytes from panel to panel, for kernels that take both at once (<see cref="LoadNextPanel"/>).</summary>
    public static AssemblerRegister64 NextPanel => ThreeYSteps;

    /// <summary>Saves registers; <see cref="ForEachTile"/> loads the arguments.</summary>
    public void Begin()
    {
        Registers.Enter(c);
        c.mov(Arguments, Registers.FirstArgument);
    }

    /// <summary>Assembles loops over tiles and, inside, over panels, which meet the tile's activations while they are in the first-level cache. The call's arguments move on with the tiles.</summary>
    /// <param name="panels">1 or 2.</param>
    /// <param name="block">One block of 32 columns of a panel and a tile, and the way back to its beginning (<see cref="Next"/>).</param>
    public void ForEachTile(int panels, Action<Label> block)
    {
        Label nextTile = c.CreateLabel(), nextBlock = c.CreateLabel(), done = c.CreateLabel();
        c.Label(ref nextTile);
        LoadAll();
        LoadAhead();
        c.lea(ThreeYSteps, __[YStep + YStep * 2]);
        if (panels == 2) c.mov(PanelsLeft, panels);
        c.Label(ref nextBlock);
        block(nextBlock);
        if (panels == 2)
        {
            c.dec(PanelsLeft);
            c.jz(done);
            LoadAll();
            c.add(Panel, Argument(nameof(Int8Call.NextPanel)));
            c.add(Scales, Int8Call.ScaleStride);
            c.add(Lows, Int8Call.ScaleStride);
            LoadAhead();
            c.add(Y, 64);
            c.jmp(nextBlock);
            c.Label(ref done);
        }
        Advance(nameof(Int8Call.X), nameof(Int8Call.NextX));
        Advance(nameof(Int8Call.XScales), nameof(Int8Call.NextXScales));
        Advance(nameof(Int8Call.Starts), nameof(Int8Call.NextGroups));
        Advance(nameof(Int8Call.XSums), nameof(Int8Call.NextGroups));
        c.imul(YStep, YStep, tile);
        c.add(Argument(nameof(Int8Call.Y)), YStep);
        c.dec(Argument(nameof(Int8Call.Tiles)));
        c.jnz(nextTile);

        void LoadAhead()
        {
            if (!asks) return;
            Load(Lows, nameof(Int8Call.RowsAhead));
            c.add(Lows, Panel);
        }

        void Advance(string field, string step)
        {
            Load(PanelsLeft, step);
            c.add(Argument(field), PanelsLeft);
        }
    }

    /// <summary>Eight of a panel's results of a token of a tile, from half <paramref name="p"/> on; within <see cref="ForEachTile"/>.</summary>
    public static AssemblerMemoryOperand Result(int token, int p) => token switch
    {
        0 => __ymmword_ptr[Y + (32 * p)],
        1 => __ymmword_ptr[Y + YStep + (32 * p)],
        2 => __ymmword_ptr[Y + (YStep * 2) + (32 * p)],
        _ => __ymmword_ptr[Y + ThreeYSteps + (32 * p)],
    };

    /// <summary>Loads <see cref="NextPanel"/>, which leaves <see cref="Result"/> without its register.</summary>
    public void LoadNextPanel() => Load(NextPanel, nameof(Int8Call.NextPanel));

    /// <summary>Asks for the share that four of a block's 32 columns have of as many <paramref name="bytes"/> of the rows that are read next, of one panel or both; blocks need not begin with a line.</summary>
    public void Ask(int quad, int bytes, int panels = 1)
    {
        for (int line = 64 * quad; line < bytes && (quad == 7 || line < 64 * (quad + 1)); line += 64)
        {
            c.prefetcht1(__[Lows + line]);
            if (panels == 2) c.prefetcht1(__[Lows + NextPanel + line]);
        }
    }

    /// <summary>Results of the first token.</summary>
    public void LoadY() => Load(Y, nameof(Int8Call.Y));

    /// <summary>Goes to <paramref name="label"/> unless a stretch of <paramref name="blocks"/> blocks, a power of two, begins.</summary>
    public void Within(int blocks, Label label)
    {
        c.test(Blocks, blocks - 1);
        c.jnz(label);
    }

    /// <summary>Goes on to the next block, or out of the loop.</summary>
    /// <param name="loop">The beginning of a block.</param>
    /// <param name="groups">Scales of a block and row.</param>
    /// <param name="starts">Sums start from numbers of the activations.</param>
    /// <param name="minimums">Groups have minimums.</param>
    public void Next(Label loop, int groups, bool starts, bool minimums)
    {
        Step(groups, starts, minimums);
        c.jnz(loop);
    }

    /// <summary>Goes on to the next block, without a question whether there is one.</summary>
    public void Step(int groups, bool starts, bool minimums)
    {
        c.add(Panel, blockBytes);
        c.add(X, Int8Activations.BlockSize * tile);
        c.add(XScales, 4 * tile);
        c.add(Scales, 64 * groups);
        if (starts) c.add(Start, 4 * tile * groups);
        if (minimums)
        {
            c.add(XSums, 4 * tile * groups);
            c.add(Lows, 64 * groups);
        }
        if (asks) c.add(Lows, blockBytes);
        c.dec(Blocks);
    }

    private void LoadAll()
    {
        Load(Panel, nameof(Int8Call.Panel));
        Load(Scales, nameof(Int8Call.Scales));
        Load(Lows, nameof(Int8Call.Minimums));
        Load(X, nameof(Int8Call.X));
        Load(XScales, nameof(Int8Call.XScales));
        Load(Start, nameof(Int8Call.Starts));
        Load(XSums, nameof(Int8Call.XSums));
        Load(YStep, nameof(Int8Call.YTokenBytes));
        Load(Ahead, nameof(Int8Call.NextX));
        Load(Blocks, nameof(Int8Call.Blocks));
        LoadY();
    }

    private void Load(AssemblerRegister64 register, string field) => c.mov(register, Argument(field));

    private static AssemblerMemoryOperand Argument(string field) => __qword_ptr[Arguments + (int)Marshal.OffsetOf<Int8Call>(field)];
}
