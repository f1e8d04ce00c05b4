using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Attention;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>
/// The loops of a tile's products: over groups of 16 lanes, over blocks where there are any, over steps. Sums stay in registers over all steps; which registers, and how lanes get
/// into them, a width of vectors says.
/// </summary>
internal abstract class TileCode
{
    /// <summary>Bytes of sixteen positions' blocks of Q4_0 but for their scales.</summary>
    private const int NibbleBytes = 16 * 16;

    private const int Page = Backends.KvLayout.PageSize;

    private static readonly AssemblerRegister64 Arguments = r14, Lanes = r8, LaneBytes = r9, Numbers = r10, Steps = rax, SumBytes = r11, Ahead = rbx, AheadBytes = rbp, Blocks = r13, ThreeLanes = rdi, Others = rsi;

    private readonly TileKind kind;
    private readonly bool asks, isValues, hasBlocks;

    /// <summary>Numbers of a row in a loop, and for the lanes of a step; bytes from row to row and from number to number.</summary>
    private readonly int unrolled, perStep, rowBytes, stepBytes;

    protected TileCode(TileKind kind, int rows, bool asks, bool byFours, bool hasVnni)
    {
        this.kind = kind;
        this.asks = asks;
        RowCount = rows;
        IsNibbles = kind is TileKind.NibbleScores or TileKind.LowNibbleValues or TileKind.HighNibbleValues;
        IsStoredScores = kind is TileKind.ByteScores or TileKind.NibbleScores;
        IsStoredValues = kind is TileKind.ByteValues or TileKind.LowNibbleValues or TileKind.HighNibbleValues;
        AreQuads = kind is TileKind.QuadScores or TileKind.QuadValues;
        HasVnni = hasVnni;
        MultipliesQuads = AreQuads && hasVnni;
        hasBlocks = kind is TileKind.PairScores or TileKind.QuadScores || IsStoredScores;
        AreIntegers = hasBlocks || kind is TileKind.PairValues or TileKind.QuadValues || IsStoredValues;
        IsHalves = kind is TileKind.HalfScores or TileKind.HalfValues;
        isValues = kind is TileKind.Values or TileKind.HalfValues;
        bool isScores = hasBlocks || kind is TileKind.Scores or TileKind.HalfScores or TileKind.Products;
        perStep = AreQuads && !MultipliesQuads ? 2 : 1;
        // Heads have an even number of features, most often of fours, and so have pages of positions; float weights may have any number of columns.
        unrolled = byFours ? 4 : kind == TileKind.Products ? 1 : 2;
        // Rows of queries stand side by side in each step; rows of weights each have their steps behind one another.
        rowBytes = isScores ? 4 : MultipliesQuads ? Page : AreIntegers ? Page * 2 : Page * 4;
        stepBytes = isScores ? 4 * AttentionTile.Rows : 4;
    }

    protected static AssemblerRegister64 Sums => rdx;

    /// <summary>A factor a row.</summary>
    protected static AssemblerRegister64 Factors => rcx;

    /// <summary>Scales of the lanes, or with values of integers another factor a row.</summary>
    protected static AssemblerRegister64 LaneScales => r12;

    protected Assembler Code { get; } = new(64);

    protected int RowCount { get; }

    protected bool IsNibbles { get; }

    protected bool IsStoredScores { get; }

    protected bool IsStoredValues { get; }

    /// <summary>Bytes or half bytes as pages store them.</summary>
    protected bool IsStored => IsStoredScores || IsStoredValues;

    /// <summary>Sums are of integers.</summary>
    protected bool AreIntegers { get; }

    /// <summary>Lanes are four bytes each: with scores all positive, with values signed.</summary>
    protected bool AreQuads { get; }

    /// <summary>They are multiplied with four bytes at once, and not in pairs.</summary>
    protected bool MultipliesQuads { get; }

    /// <summary>Products of integers are added up by one instruction.</summary>
    protected bool HasVnni { get; }

    protected bool IsScoresOfQuads => kind == TileKind.QuadScores;

    protected bool IsHalves { get; }

    /// <summary>Sums begin at 0, those of scores of quads at what stands behind the block's factors.</summary>
    protected abstract void Clear();

    /// <summary>A row's sums begin with what <see cref="Sums"/> holds.</summary>
    protected abstract void Begin(int row);

    /// <summary>A row's sums begin with what <see cref="Sums"/> holds, times its factor.</summary>
    protected abstract void BeginShrunk(int row);

    /// <summary>A row's scores become float(sum) · (scale of the key · scale of the query), but for the first block added to what they are.</summary>
    protected abstract void ScaleScores(int row, bool isFirst);

    /// <summary>A row's sums become output · shrink + float(sum) · scale.</summary>
    protected abstract void ScaleValues(int row);

    /// <summary>Writes a row's sums to <see cref="Sums"/>.</summary>
    protected abstract void Store(int row);

    /// <summary>
    /// Brings the lanes of a step into registers. Of bytes as they are stored, <paramref name="second"/> are those of the second feature or position of a pair; of half bytes the upper ones are read
    /// where <paramref name="isHigh"/> is true, of quads that are multiplied in pairs the odd ones.
    /// </summary>
    protected abstract void Read(Func<int, AssemblerMemoryOperand> lane, AssemblerMemoryOperand second, bool isHigh);

    /// <summary>Adds the products with one number to a row's sums.</summary>
    protected abstract void Multiply(int row, AssemblerMemoryOperand number);

    /// <summary>Places data behind the code.</summary>
    protected virtual void End()
    {
    }

    /// <summary>The whole of it.</summary>
    public Assembler Assemble()
    {
        Assembler c = Code;
        Registers.Enter(c);
        c.mov(Arguments, Registers.FirstArgument);
        Load(Lanes, nameof(TileCall.Lanes));
        Load(LaneBytes, nameof(TileCall.LaneBytes));
        Load(SumBytes, nameof(TileCall.SumBytes));
        Load(Ahead, nameof(TileCall.Ahead));
        Load(AheadBytes, nameof(TileCall.AheadBytes));
        c.lea(ThreeLanes, __[LaneBytes + LaneBytes * 2]);
        Label group = c.CreateLabel(), block = c.CreateLabel(), scored = c.CreateLabel();
        c.Label(ref group);
        Load(Numbers, nameof(TileCall.Numbers));
        Load(Blocks, nameof(TileCall.Blocks));
        Load(Factors, nameof(TileCall.RowScales));
        Block(isFirst: true);
        if (hasBlocks)
        {
            c.dec(Blocks);
            c.jz(scored);
            c.Label(ref block);
            Block(isFirst: false);
            c.dec(Blocks);
            c.jnz(block);
            c.Label(ref scored);
        }
        // Keys and integers go on where they are; values as they are stored begin again, 16 features further.
        if (isValues || IsStoredValues)
        {
            c.add(Argument(nameof(TileCall.Lanes)), IsStored ? 16 : IsHalves ? 32 : 64);
            Load(Lanes, nameof(TileCall.Lanes));
        }
        c.add(Argument(nameof(TileCall.Sums)), 64);
        c.dec(Argument(nameof(TileCall.Groups)));
        c.jnz(group);
        Registers.Leave(c);
        End();
        return c;
    }

    /// <summary>A group's lanes over all steps; of keys of integers one block, the first of which needs no sums before it.</summary>
    private void Block(bool isFirst)
    {
        Assembler c = Code;
        // A block begins with its scales: halves as they are stored, else floats.
        if (hasBlocks)
        {
            c.mov(LaneScales, Lanes);
            c.add(Lanes, IsStored ? 32 : 64);
        }
        // The second of two positions is one row, half a step, behind the first.
        if (IsStoredValues)
        {
            c.mov(Others, LaneBytes);
            c.shr(Others, 1);
            c.add(Others, Lanes);
        }
        if (isValues)
        {
            Load(Factors, nameof(TileCall.Shrink));
            ForEachRow(BeginShrunk);
        }
        else if (kind == TileKind.Products) ForEachRow(Begin);
        else Clear();
        // The features of the lower four bits, then those of the upper.
        for (int pass = 0; pass < (kind == TileKind.NibbleScores ? 2 : 1); pass++)
        {
            if (pass == 1) c.sub(Lanes, NibbleBytes);
            Loop(isHigh: pass == 1 || kind == TileKind.HighNibbleValues);
        }
        if (hasBlocks)
        {
            ForEachRow(row => ScaleScores(row, isFirst));
            c.add(Factors, 4 * AttentionTile.Rows * (AreQuads ? 2 : 1));
        }
        else if (AreIntegers)
        {
            Load(LaneScales, nameof(TileCall.Shrink));
            ForEachRow(ScaleValues);
        }
        else ForEachRow(Store);
    }

    private void Loop(bool isHigh)
    {
        Assembler c = Code;
        Label loop = c.CreateLabel();
        Load(Steps, nameof(TileCall.Steps));
        if (perStep == 2) c.add(Steps, Steps);
        c.Label(ref loop);
        for (int number = 0; number < unrolled; number++)
        {
            Ask(number);
            int step = number / perStep;
            Read(at => From(Lanes, step, at), IsStoredScores ? From(Lanes, step, 16) : From(Others, step, 0), isHigh || number % perStep == 1);
            for (int r = 0; r < RowCount; r++) Multiply(r, Numbers + (rowBytes * r + stepBytes * number));
        }
        if (unrolled == perStep) c.add(Lanes, LaneBytes);
        else c.lea(Lanes, __[Lanes + LaneBytes * (unrolled / perStep)]);
        if (IsStoredValues) c.lea(Others, __[Others + LaneBytes * unrolled]);
        c.add(Numbers, unrolled * stepBytes);
        c.sub(Steps, unrolled);
        c.jnz(loop);
    }

    private static AssemblerMemoryOperand From(AssemblerRegister64 start, int step, int at) => step switch { 0 => start + at, 1 => start + LaneBytes + at, 2 => start + (LaneBytes * 2) + at, _ => start + ThreeLanes + at };

    // Next to each product, so that as many lines are on their way as the processor keeps; 16 halves are half a line.
    private void Ask(int step)
    {
        if (!asks || (IsHalves && step % 2 == 1)) return;
        Code.prefetcht1(__byte_ptr[Ahead]);
        if (IsHalves) Code.lea(Ahead, __[Ahead + AheadBytes * 2]);
        else Code.add(Ahead, AheadBytes);
    }

    private void ForEachRow(Action<int> body)
    {
        Load(Sums, nameof(TileCall.Sums));
        for (int r = 0; r < RowCount; r++)
        {
            body(r);
            if (r < RowCount - 1) Code.add(Sums, SumBytes);
        }
    }

    private void Load(AssemblerRegister64 register, string field) => Code.mov(register, Argument(field));

    private static AssemblerMemoryOperand Argument(string field) => __qword_ptr[Arguments + (int)Marshal.OffsetOf<TileCall>(field)];
}
