using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Assembled;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>What every assembled direct product is put into: its arguments in registers, the loops over panels and blocks, and wishes for the rows that are read next. The results of sixteen rows stay in registers from the first block to the last.</summary>
internal abstract class DirectFrame
{
    /// <summary>Pointers; rows 0, 4, 8 and 12 of the block at hand, or all of them where they lie side by side.</summary>
    protected static readonly AssemblerRegister64 Row = r11, ThreeRows = rbx;
    protected static readonly AssemblerRegister64[] Fours = [rsi, r8, r9, r10];

    private static readonly AssemblerRegister64 Arguments = r14, Blocks = rcx, Ahead = r13;

    private readonly int blockBytes, startStep;
    private readonly DirectRows rows;

    /// <summary>Fours of columns that are multiplied in a block; how many are assembled; bytes asked for on the way.</summary>
    private int products, multiplied, asked;

    /// <summary>How far before its use a stream that is read once is asked for. A block of 256 columns is not read from its beginning to its end.</summary>
    private int nearBytes;

    /// <summary>Begins a kernel.</summary>
    /// <param name="blockBytes">Bytes of a block.</param>
    /// <param name="rows">How they lie.</param>
    /// <param name="tile">Tokens of the activations' tiles (<see cref="Int8.Int8Kernel.TileTokens"/>).</param>
    /// <param name="startsOf">Columns that an integer sum is made of: 32 or 16.</param>
    protected DirectFrame(int blockBytes, DirectRows rows, int tile, int startsOf)
    {
        XStep = tile * Int8.Int8Activations.BlockSize;
        ScaleStep = tile * sizeof(float);
        startStep = ScaleStep * 32 / startsOf;
        this.blockBytes = blockBytes;
        this.rows = rows;
        IsInterleaved = rows != DirectRows.Apart;
    }

    public Assembler Code { get; } = new(64);

    public static AssemblerRegister64 X => rdx;

    public static AssemblerRegister64 XScales => rax;

    public static AssemblerRegister64 Starts => rbp;

    public static AssemblerRegister64 XSums => r12;

    /// <summary>Bytes from block to block of <see cref="DirectCall.X"/>, and of its scales and sums.</summary>
    public int XStep { get; }

    /// <inheritdoc cref="XStep"/>
    public int ScaleStep { get; }

    protected bool IsInterleaved { get; }

    /// <summary>True where one stream that is read once is asked for; false where the hardware sees to it.</summary>
    protected virtual bool AsksForStream => true;

    /// <summary>Assembles the loop over blocks.</summary>
    /// <param name="blocksOf32">32 columns that a stored block has.</param>
    /// <param name="stackBytes">Bytes at rsp that <paramref name="block"/> may use.</param>
    /// <param name="block">Multiplies one block of the sixteen rows.</param>
    /// <param name="constants">Loads registers that blocks leave as they are.</param>
    /// <param name="spreads">Times that it spreads each column of the activations.</param>
    public Assembler Loop(int blocksOf32, int stackBytes, Action block, Action? constants = null, int spreads = 1)
    {
        Assembler c = Code;
        Registers.Enter(c);
        c.mov(Arguments, Registers.FirstArgument);
        Load(Fours[0], nameof(DirectCall.Blocks));
        Load(Row, nameof(DirectCall.RowBytes));
        Load(Ahead, nameof(DirectCall.Ahead));
        if (!IsInterleaved) c.lea(ThreeRows, __[Row + (Row * 2)]);
        Begin();
        constants?.Invoke();
        if (stackBytes > 0) c.sub(rsp, stackBytes);
        Label panel = c.CreateLabel(), loop = c.CreateLabel();
        c.Label(ref panel);
        for (int i = 1; i < 4 && !IsInterleaved; i++) c.lea(Fours[i], __[Fours[i - 1] + (Row * 4)]);
        Load(X, nameof(DirectCall.X));
        Load(XScales, nameof(DirectCall.XScales));
        Load(Starts, nameof(DirectCall.Starts));
        Load(XSums, nameof(DirectCall.XSums));
        Load(Blocks, nameof(DirectCall.Y));
        MoveResults(Blocks, load: true);
        Load(Blocks, nameof(DirectCall.Count));
        c.Label(ref loop);
        products = spreads * 8 * blocksOf32;
        nearBytes = blocksOf32 == 1 ? 1536 : 8192;
        asked = multiplied = 0;
        block();
        if (asked < 16 * blockBytes) throw new InvalidOperationException("part of a block is not asked for");
        if (IsInterleaved) c.add(Fours[0], 16 * blockBytes);
        else
        {
            foreach (AssemblerRegister64 four in Fours) c.add(four, blockBytes);
        }
        c.add(Ahead, 16 * blockBytes);
        c.add(X, XStep * blocksOf32);
        c.add(XScales, ScaleStep * blocksOf32);
        c.add(Starts, startStep * blocksOf32);
        c.add(XSums, ScaleStep * blocksOf32);
        c.dec(Blocks);
        c.jnz(loop);
        Load(Blocks, nameof(DirectCall.Y));
        MoveResults(Blocks, load: false);
        c.add(Argument(nameof(DirectCall.Y)), 64);
        // Rows side by side are at their end, where the next ones begin; of rows one after another the first is at its end, which is where the second begins.
        if (!IsInterleaved)
        {
            c.lea(Fours[0], __[Fours[0] + (ThreeRows * 4)]);
            c.add(Fours[0], ThreeRows);
        }
        c.dec(Argument(nameof(DirectCall.Panels)));
        c.jnz(panel);
        if (stackBytes > 0) c.add(rsp, stackBytes);
        Registers.Leave(c);
        End();
        return c;

        void Load(AssemblerRegister64 register, string field) => c.mov(register, Argument(field));
    }

    /// <summary>Loads what the frame itself keeps in registers.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>Loads, or stores, the results of sixteen rows.</summary>
    protected abstract void MoveResults(AssemblerRegister64 at, bool load);

    /// <summary>Places data behind the code.</summary>
    protected virtual void End()
    {
    }

    /// <summary>Where four columns of the activations are: those from <paramref name="column"/> on.</summary>
    protected AssemblerMemoryOperand FourColumns(int column)
    {
        Prefetch();
        return X + (column / 32 * XStep) + (column % 32);
    }

    /// <summary>
    /// Asks for the share of one product of four columns. A core with all its miss buffers in use drops wishes: they are spread over the work, and in sixteen streams,
    /// which the hardware does not follow, each is made twice, the second where the first was made a while ago. One stream that is read once is asked for shortly before,
    /// past the second-level cache.
    /// </summary>
    private void Prefetch()
    {
        for (multiplied++; asked * products < 16 * blockBytes * multiplied; asked += 64)
        {
            if (rows == DirectRows.SideBySideOnce)
            {
                if (AsksForStream) Code.prefetchnta(__[Fours[0] + (asked + nearBytes)]);
                continue;
            }
            Code.prefetcht1(__[Ahead + asked]);
            if (rows == DirectRows.Apart) Code.prefetcht0(__[Ahead + (asked - 16384)]);
        }
    }

    private static AssemblerMemoryOperand Argument(string field) => __qword_ptr[Arguments + (int)Marshal.OffsetOf<DirectCall>(field)];
}
