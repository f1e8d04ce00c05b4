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
    private readonly bool asks, isValues;

    /// <summary>Steps of a loop; bytes from row to row and from step to step of what lanes are multiplied with.</summary>
    private readonly int unrolled, rowBytes, stepBytes;

    protected TileCode(TileKind kind, int rows, bool asks, bool byFours)
    {
        this.kind = kind;
        this.asks = asks;
        RowCount = rows;
        IsNibbles = kind is TileKind.NibbleScores or TileKind.LowNibbleValues or TileKind.HighNibbleValues;
        IsStoredScores = kind is TileKind.ByteScores or TileKind.NibbleScores;
        IsStoredValues = kind is TileKind.ByteValues or TileKind.LowNibbleValues or TileKind.HighNibbleValues;
        bool isPairScores = kind == TileKind.PairScores || IsStoredScores, isPairValues = kind == TileKind.PairValues || IsStoredValues;
        IsPairs = isPairScores || isPairValues;
        IsHalves = kind is TileKind.HalfScores or TileKind.HalfValues;
        isValues = kind is TileKind.Values or TileKind.HalfValues;
        bool isScores = isPairScores || kind is TileKind.Scores or TileKind.HalfScores or TileKind.Products;
        // Heads have an even number of features, most often of fours, and so have pages of positions; float weights may have any number of columns.
        unrolled = byFours ? 4 : kind == TileKind.Products ? 1 : 2;
        // Rows of queries stand side by side in each step; rows of weights each have their steps behind one another.
        rowBytes = isScores ? 4 : IsPairs ? Page * 2 : Page * 4;
        stepBytes = isScores ? 4 * AttentionTile.Rows : 4;
    }

    protected static AssemblerRegister64 Sums => rdx;

    /// <summary>A factor a row.</summary>
    protected static AssemblerRegister64 Factors => rcx;

    /// <summary>Scales of the lanes, or with values of pairs another factor a row.</summary>
    protected static AssemblerRegister64 LaneScales => r12;

    protected Assembler Code { get; } = new(64);

    protected int RowCount { get; }

    protected bool IsNibbles { get; }

    protected bool IsStoredScores { get; }

    protected bool IsStoredValues { get; }

    /// <summary>Bytes or half bytes as pages store them.</summary>
    protected bool IsStored => IsStoredScores || IsStoredValues;

    protected bool IsPairs { get; }

    protected bool IsHalves { get; }

    /// <summary>Sums begin at 0.</summary>
    protected abstract void Clear();

    /// <summary>A row's sums begin with what <see cref="Sums"/> holds.</summary>
    protected abstract void Begin(int row);

    /// <summary>A row's sums begin with what <see cref="Sums"/> holds, times its factor.</summary>
    protected abstract void BeginShrunk(int row);

    /// <summary>A row's sums become score + float(sum) · (scale of the key · scale of the query).</summary>
    protected abstract void ScaleScores(int row);

    /// <summary>A row's sums become output · shrink + float(sum) · scale.</summary>
    protected abstract void ScaleValues(int row);

    /// <summary>Writes a row's sums to <see cref="Sums"/>.</summary>
    protected abstract void Store(int row);

    /// <summary>Brings the lanes of a step into registers. Of bytes, <paramref name="second"/> are those of the second feature or position of a pair.</summary>
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
        Label group = c.CreateLabel(), block = c.CreateLabel();
        c.Label(ref group);
        Load(Numbers, nameof(TileCall.Numbers));
        Load(Blocks, nameof(TileCall.Blocks));
        Load(Factors, nameof(TileCall.RowScales));
        c.Label(ref block);
        // A block begins with its scales: halves as they are stored, else floats.
        if (IsStoredScores || kind == TileKind.PairScores)
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
        if (IsStoredScores || kind == TileKind.PairScores)
        {
            ForEachRow(ScaleScores);
            c.add(Factors, 4 * AttentionTile.Rows);
            c.dec(Blocks);
            c.jnz(block);
        }
        else if (IsPairs)
        {
            Load(LaneScales, nameof(TileCall.Shrink));
            ForEachRow(ScaleValues);
        }
        else ForEachRow(Store);
        // Keys and pairs go on where they are; values as they are stored begin again, 16 features further.
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

    private void Loop(bool isHigh)
    {
        Assembler c = Code;
        Label loop = c.CreateLabel();
        Load(Steps, nameof(TileCall.Steps));
        c.Label(ref loop);
        for (int step = 0; step < unrolled; step++)
        {
            Ask(step);
            int now = step;
            Read(at => From(Lanes, now, at), IsStoredScores ? From(Lanes, now, 16) : From(Others, now, 0), isHigh);
            for (int r = 0; r < RowCount; r++) Multiply(r, Numbers + (rowBytes * r + stepBytes * step));
        }
        if (unrolled == 1) c.add(Lanes, LaneBytes);
        else c.lea(Lanes, __[Lanes + LaneBytes * unrolled]);
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
