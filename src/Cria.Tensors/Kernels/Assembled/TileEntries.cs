using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Attention;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>Which products of a tile an assembled kernel computes; see <see cref="AttentionTile"/> and <see cref="PairTile"/>, whose bits it gives.</summary>
internal enum TileKind
{
    /// <summary>Scores of floats.</summary>
    Scores,
    /// <summary>Weighted values of floats.</summary>
    Values,
    /// <summary>Scores of pairs of 16-bit integers, block after block.</summary>
    PairScores,
    /// <summary>Weighted values of pairs, of one block.</summary>
    PairValues,
    /// <summary>Products of floats as of scores, added to what the sums hold; see <see cref="Float.FloatKernel"/>.</summary>
    Products,
    /// <summary>Scores over keys of F16.</summary>
    HalfScores,
    /// <summary>Weighted values of F16.</summary>
    HalfValues,
    /// <summary>Scores of pairs over keys of Q8_0, sixteen positions side by side.</summary>
    ByteScores,
    /// <summary>Weighted values of pairs, of one block of Q8_0.</summary>
    ByteValues,
    /// <summary>Scores of pairs over keys of Q4_0, sixteen positions side by side.</summary>
    NibbleScores,
    /// <summary>Weighted values of pairs, of the first half of a block of Q4_0: one group.</summary>
    LowNibbleValues,
    /// <summary>The same of its second half.</summary>
    HighNibbleValues,
}

/// <summary>Arguments of an assembled kernel.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileCall
{
    /// <summary>16 lanes a step: keys or values.</summary>
    public void* Lanes;

    /// <summary>Bytes from one step's lanes to the next.</summary>
    public long LaneBytes;

    /// <summary>One number a row and step: queries or weights.</summary>
    public void* Numbers;

    /// <summary>Steps; of one block for scores of pairs.</summary>
    public long Steps;

    /// <summary>Groups of 16 positions or features, one after another.</summary>
    public long Groups;

    /// <summary>Blocks; only for scores of pairs.</summary>
    public long Blocks;

    /// <summary>Results, 16 a row.</summary>
    public float* Sums;

    /// <summary>Bytes from one row's results to the next.</summary>
    public long SumBytes;

    /// <summary>A factor a row on what the results were before.</summary>
    public float* Shrink;

    /// <summary>A factor a row on the integer sums.</summary>
    public float* RowScales;

    /// <summary>A factor a lane on the integer sums; keys as they are stored bring their own.</summary>
    public float* LaneScales;

    /// <summary>Memory to ask for.</summary>
    public byte* Ahead;

    /// <summary>Bytes to ask for at each step; with 0 nothing is asked for, since asking costs something even for what is near.</summary>
    public long AheadBytes;
}

/// <summary>
/// The products of attention, and of float weights, in 256-bit registers, assembled because the compiler moves every sum before it adds to it, and broadcasts from a register: 24 instructions
/// for 12 products instead of 48. For processors without 512-bit registers.
/// </summary>
internal static unsafe class TileEntries
{
    private static readonly nint[] Entries = new nint[12 * AttentionTile.Rows * 4];
    private static readonly Lock Building = new();

    /// <summary>Bytes of sixteen positions' blocks of Q4_0 but for their scales.</summary>
    private const int NibbleBytes = 16 * 16;

    /// <summary>True where the processor has AVX2 and FMA, and code may be assembled.</summary>
    public static bool IsAvailable { get; } = Avx2.IsSupported && Fma.IsSupported && ExecutableMemory.IsAvailable;

    /// <summary>Runs a kernel for the first <paramref name="rows"/> rows of a tile. The kernel counts in its own copy of the arguments.</summary>
    public static void Run(TileKind kind, int rows, TileCall call)
    {
        bool asks = call.AheadBytes != 0, byFours = call.Steps % 4 == 0;
        int index = (((int)kind * AttentionTile.Rows + rows - 1) * 2 + (asks ? 1 : 0)) * 2 + (byFours ? 1 : 0);
        nint entry = Entries[index];
        if (entry == 0) entry = Build(index, kind, rows, asks, byFours);
        ((delegate* unmanaged[SuppressGCTransition]<TileCall*, void>)entry)(&call);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint Build(int index, TileKind kind, int rows, bool asks, bool byFours)
    {
        lock (Building)
        {
            if (Entries[index] == 0) Entries[index] = (nint)ExecutableMemory.Place(Assemble(kind, rows, asks, byFours));
            return Entries[index];
        }
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<TileCall>(field);

    private static Assembler Assemble(TileKind kind, int rows, bool asks, bool byFours)
    {
        const int Page = Backends.KvLayout.PageSize;
        bool isNibbles = kind is TileKind.NibbleScores or TileKind.LowNibbleValues or TileKind.HighNibbleValues;
        bool isStoredScores = kind is TileKind.ByteScores or TileKind.NibbleScores, isStoredValues = kind is TileKind.ByteValues or TileKind.LowNibbleValues or TileKind.HighNibbleValues;
        bool isStored = isStoredScores || isStoredValues, isPairScores = kind == TileKind.PairScores || isStoredScores, isPairValues = kind == TileKind.PairValues || isStoredValues;
        bool isPairs = isPairScores || isPairValues, isScores = isPairScores || kind is TileKind.Scores or TileKind.HalfScores or TileKind.Products;
        bool isValues = kind is TileKind.Values or TileKind.HalfValues, isHalves = kind is TileKind.HalfScores or TileKind.HalfValues;
        // Heads have an even number of features, most often of fours, and so have pages of positions; float weights may have any number of columns.
        int unrolled = byFours ? 4 : kind == TileKind.Products ? 1 : 2;
        // Rows of queries stand side by side in each step; rows of weights each have their steps behind one another.
        int rowBytes = isScores ? 4 : isPairs ? Page * 2 : Page * 4, stepBytes = isScores ? 4 * AttentionTile.Rows : 4;
        var c = new Assembler(64);
        AssemblerRegister64 arguments = r14, lanes = r8, laneBytes = r9, numbers = r10, steps = rax, sums = rdx, sumBytes = r11, ahead = rbx, aheadBytes = rbp, factors = rcx, laneScales = r12, blocks = r13, threeLanes = rdi, others = rsi;
        Registers.Enter(c);
        c.mov(arguments, Registers.FirstArgument);
        Load(lanes, nameof(TileCall.Lanes));
        Load(laneBytes, nameof(TileCall.LaneBytes));
        Load(sumBytes, nameof(TileCall.SumBytes));
        Load(ahead, nameof(TileCall.Ahead));
        Load(aheadBytes, nameof(TileCall.AheadBytes));
        Load(laneScales, nameof(TileCall.LaneScales));
        c.lea(threeLanes, __[laneBytes + laneBytes * 2]);
        Label group = c.CreateLabel(), block = c.CreateLabel(), lowNibbles = c.CreateLabel(), eights = c.CreateLabel();
        c.Label(ref group);
        Load(numbers, nameof(TileCall.Numbers));
        Load(blocks, nameof(TileCall.Blocks));
        Load(factors, nameof(TileCall.RowScales));
        c.Label(ref block);
        if (isStoredScores)
        {
            c.mov(laneScales, lanes);
            c.add(lanes, 32);
        }
        // The second of two positions is one row, half a step, behind the first.
        if (isStoredValues)
        {
            c.mov(others, laneBytes);
            c.shr(others, 1);
            c.add(others, lanes);
        }
        if (isValues)
        {
            Load(factors, nameof(TileCall.Shrink));
            ForEachRow(r =>
            {
                c.vbroadcastss(ymm14, __dword_ptr[factors + 4 * r]);
                c.vmulps(Sum(r, 0), ymm14, __ymmword_ptr[sums]);
                c.vmulps(Sum(r, 1), ymm14, __ymmword_ptr[sums + 32]);
            });
        }
        else if (kind == TileKind.Products)
        {
            ForEachRow(r =>
            {
                c.vmovups(Sum(r, 0), __ymmword_ptr[sums]);
                c.vmovups(Sum(r, 1), __ymmword_ptr[sums + 32]);
            });
        }
        else
        {
            for (int i = 0; i < 2 * rows; i++) c.vpxor(Registers.Y[i], Registers.Y[i], Registers.Y[i]);
        }
        // The features of the lower four bits, then those of the upper.
        for (int pass = 0; pass < (kind == TileKind.NibbleScores ? 2 : 1); pass++)
        {
            if (pass == 1) c.sub(lanes, NibbleBytes);
            Loop(isHigh: pass == 1 || kind == TileKind.HighNibbleValues);
        }
        if (isPairScores)
        {
            // score + float(sum) · (scale of the key · scale of the query)
            ForEachRow(r =>
            {
                c.vbroadcastss(ymm14, __dword_ptr[factors + 4 * r]);
                for (int half = 0; half < 2; half++)
                {
                    c.vcvtdq2ps(Sum(r, half), Sum(r, half));
                    if (isStored) c.vcvtph2ps(ymm15, __xmmword_ptr[laneScales + 16 * half]);
                    if (isStored) c.vmulps(ymm15, ymm14, ymm15);
                    else c.vmulps(ymm15, ymm14, __ymmword_ptr[laneScales + 32 * half]);
                    c.vfmadd213ps(Sum(r, half), ymm15, __ymmword_ptr[sums + 32 * half]);
                }
                Store(r);
            });
            if (!isStored) c.add(laneScales, 64);
            c.add(factors, 4 * AttentionTile.Rows);
            c.dec(blocks);
            c.jnz(block);
        }
        else if (isPairValues)
        {
            Load(laneScales, nameof(TileCall.Shrink));
            ForEachRow(r =>
            {
                c.vbroadcastss(ymm14, __dword_ptr[factors + 4 * r]);
                c.vbroadcastss(ymm15, __dword_ptr[laneScales + 4 * r]);
                for (int half = 0; half < 2; half++)
                {
                    c.vcvtdq2ps(Sum(r, half), Sum(r, half));
                    c.vmulps(Registers.Y[12 + half], ymm15, __ymmword_ptr[sums + 32 * half]);
                    c.vfmadd213ps(Sum(r, half), ymm14, Registers.Y[12 + half]);
                }
                Store(r);
            });
        }
        else ForEachRow(Store);
        // Keys and pairs go on where they are; values as they are stored begin again, 16 features further.
        if (isValues || isStoredValues)
        {
            c.add(__qword_ptr[arguments + Offset(nameof(TileCall.Lanes))], isStored ? 16 : isHalves ? 32 : 64);
            Load(lanes, nameof(TileCall.Lanes));
        }
        c.add(__qword_ptr[arguments + Offset(nameof(TileCall.Sums))], 64);
        c.dec(__qword_ptr[arguments + Offset(nameof(TileCall.Groups))]);
        c.jnz(group);
        Registers.Leave(c);
        if (isNibbles)
        {
            c.Label(ref lowNibbles);
            c.db([.. Enumerable.Repeat((byte)15, 16)]);
            c.Label(ref eights);
            c.db([.. Enumerable.Repeat((byte)8, 16)]);
        }
        return c;

        void Loop(bool isHigh)
        {
            Label loop = c.CreateLabel();
            Load(steps, nameof(TileCall.Steps));
            c.Label(ref loop);
            for (int step = 0; step < unrolled; step++)
            {
                Ask(step);
                Multiply(step, isHigh);
            }
            if (unrolled == 1) c.add(lanes, laneBytes);
            else c.lea(lanes, __[lanes + laneBytes * unrolled]);
            if (isStoredValues) c.lea(others, __[others + laneBytes * unrolled]);
            c.add(numbers, unrolled * stepBytes);
            c.sub(steps, unrolled);
            c.jnz(loop);
        }

        static AssemblerRegisterYMM Sum(int r, int half) => Registers.Y[2 * r + half];

        void Load(AssemblerRegister64 register, string field) => c.mov(register, __[arguments + Offset(field)]);

        // Next to each product, so that as many lines are on their way as the processor keeps; 16 halves are half a line.
        void Ask(int step)
        {
            if (!asks || (isHalves && step % 2 == 1)) return;
            c.prefetcht1(__byte_ptr[ahead]);
            if (isHalves) c.lea(ahead, __[ahead + aheadBytes * 2]);
            else c.add(ahead, aheadBytes);
        }

        AssemblerMemoryOperand Lane(int step, int at) => From(lanes, step, at);

        AssemblerMemoryOperand From(AssemblerRegister64 start, int step, int at) => step switch { 0 => start + at, 1 => start + laneBytes + at, 2 => start + (laneBytes * 2) + at, _ => start + threeLanes + at };

        void Multiply(int step, bool isHigh)
        {
            if (isHalves)
            {
                c.vcvtph2ps(ymm12, __xmmword_ptr[Lane(step, 0)]);
                c.vcvtph2ps(ymm13, __xmmword_ptr[Lane(step, 16)]);
            }
            else if (isStored)
            {
                AssemblerMemoryOperand second = __xmmword_ptr[isStoredScores ? Lane(step, 16) : From(others, step, 0)];
                c.vmovdqu(xmm14, __xmmword_ptr[Lane(step, 0)]);
                c.vpunpcklbw(xmm12, xmm14, second);
                c.vpunpckhbw(xmm13, xmm14, second);
                if (isNibbles)
                {
                    Nibbles(xmm12, isHigh);
                    Nibbles(xmm13, isHigh);
                }
                c.vpmovsxbw(ymm12, xmm12);
                c.vpmovsxbw(ymm13, xmm13);
            }
            else
            {
                c.vmovups(ymm12, __ymmword_ptr[Lane(step, 0)]);
                c.vmovups(ymm13, __ymmword_ptr[Lane(step, 32)]);
            }
            for (int r = 0; r < rows; r++)
            {
                c.vbroadcastss(ymm14, __dword_ptr[numbers + (rowBytes * r + stepBytes * step)]);
                for (int half = 0; half < 2; half++)
                {
                    if (!isPairs)
                    {
                        c.vfmadd231ps(Sum(r, half), Registers.Y[12 + half], ymm14);
                        continue;
                    }
                    c.vpmaddwd(ymm15, Registers.Y[12 + half], ymm14);
                    c.vpaddd(Sum(r, half), Sum(r, half), ymm15);
                }
            }
        }

        void Nibbles(AssemblerRegisterXMM bytes, bool isHigh)
        {
            if (isHigh) c.vpsrlw(bytes, bytes, 4);
            c.vpand(bytes, bytes, __xmmword_ptr[lowNibbles]);
            c.vpsubb(bytes, bytes, __xmmword_ptr[eights]);
        }

        void Store(int r)
        {
            c.vmovups(__ymmword_ptr[sums], Sum(r, 0));
            c.vmovups(__ymmword_ptr[sums + 32], Sum(r, 1));
        }

        void ForEachRow(Action<int> body)
        {
            Load(sums, nameof(TileCall.Sums));
            for (int r = 0; r < rows; r++)
            {
                body(r);
                if (r < rows - 1) c.add(sums, sumBytes);
            }
        }
    }
}
