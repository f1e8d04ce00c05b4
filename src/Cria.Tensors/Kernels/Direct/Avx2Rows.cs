using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Assembled;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>
/// What direct products by AVX2 are assembled from. Sixteen rows are two halves of eight, whose 32-bit lanes are rows; the results of both stay in
/// registers from the first block to the last.
/// </summary>
internal sealed unsafe class Avx2Rows
{
    /// <summary>Bytes from block to block of <see cref="DirectCall.X"/>, of its scales and of its starts and sums.</summary>
    public const int XStep = 128, ScaleStep = 16;

    /// <summary>Pointers; rows 0, 4, 8 and 12 of the block at hand.</summary>
    private static readonly AssemblerRegister64 Arguments = r14, Row = r11, ThreeRows = rbx, Blocks = rcx, Ahead = r13;
    private static readonly AssemblerRegister64[] Fours = [rsi, r8, r9, r10];

    private readonly int blockBytes;
    private readonly DirectRows rows;
    private readonly bool interleaved;

    /// <summary>Products of four columns with eight rows in a block; how many are assembled; bytes asked for on the way.</summary>
    private int products, multiplied, asked;

    /// <summary>How far before its use a stream that is read once is asked for. A block of 256 columns is not read from its beginning to its end.</summary>
    private int nearBytes;

    private readonly int startStep;
    private Label bytesOfFour;

    /// <summary>Begins a kernel.</summary>
    /// <param name="blockBytes">Bytes of a block.</param>
    /// <param name="rows">How they lie.</param>
    /// <param name="startsOf">Columns that an integer sum is made of: 32 or 16.</param>
    public Avx2Rows(int blockBytes, DirectRows rows, int startsOf = 32)
    {
        startStep = ScaleStep * 32 / startsOf;
        bytesOfFour = Code.CreateLabel();
        this.blockBytes = blockBytes;
        this.rows = rows;
        interleaved = rows != DirectRows.Apart;
    }

    public Assembler Code { get; } = new(64);

    public static AssemblerRegister64 X => rdx;

    public static AssemblerRegister64 XScales => rax;

    public static AssemblerRegister64 Starts => rbp;

    public static AssemblerRegister64 XSums => r12;

    /// <summary>Results of a half.</summary>
    public static AssemblerRegisterYMM Y(int half) => half == 0 ? ymm14 : ymm15;

    /// <summary>Sixteen ones of 16 bits.</summary>
    public static AssemblerRegisterYMM Ones => ymm13;

    /// <summary>Assembles the loop over blocks.</summary>
    /// <param name="blocksOf32">32 columns that a stored block has.</param>
    /// <param name="stackBytes">Bytes at rsp that <paramref name="block"/> may use.</param>
    /// <param name="block">Multiplies one block of the sixteen rows.</param>
    /// <param name="constants">Loads registers that blocks leave as they are.</param>
    /// <param name="spreads">Times that it spreads (<see cref="Four"/>) each column of the activations.</param>
    public Assembler Loop(int blocksOf32, int stackBytes, Action block, Action? constants = null, int spreads = 2)
    {
        Assembler c = Code;
        Registers.Enter(c);
        c.mov(Arguments, Registers.FirstArgument);
        c.mov(Fours[0], __[Arguments + Offset(nameof(DirectCall.Blocks))]);
        c.mov(Row, __[Arguments + Offset(nameof(DirectCall.RowBytes))]);
        c.mov(Ahead, __[Arguments + Offset(nameof(DirectCall.Ahead))]);
        c.lea(ThreeRows, __[Row + (Row * 2)]);
        c.vpcmpeqd(Ones, Ones, Ones);
        c.vpsrlw(Ones, Ones, 15);
        constants?.Invoke();
        if (stackBytes > 0) c.sub(rsp, stackBytes);
        Label panel = c.CreateLabel(), loop = c.CreateLabel();
        c.Label(ref panel);
        for (int i = 1; i < 4; i++) c.lea(Fours[i], __[Fours[i - 1] + (Row * 4)]);
        c.mov(X, __[Arguments + Offset(nameof(DirectCall.X))]);
        c.mov(XScales, __[Arguments + Offset(nameof(DirectCall.XScales))]);
        c.mov(Starts, __[Arguments + Offset(nameof(DirectCall.Starts))]);
        c.mov(XSums, __[Arguments + Offset(nameof(DirectCall.XSums))]);
        c.mov(Blocks, __[Arguments + Offset(nameof(DirectCall.Y))]);
        c.vmovups(Y(0), __[Blocks]);
        c.vmovups(Y(1), __[Blocks + 32]);
        c.mov(Blocks, __[Arguments + Offset(nameof(DirectCall.Count))]);
        c.Label(ref loop);
        products = spreads * 8 * blocksOf32;
        nearBytes = blocksOf32 == 1 ? 1536 : 8192;
        asked = multiplied = 0;
        block();
        if (asked < 16 * blockBytes) throw new InvalidOperationException("part of a block is not asked for");
        if (interleaved) c.add(Fours[0], 16 * blockBytes);
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
        c.mov(Blocks, __[Arguments + Offset(nameof(DirectCall.Y))]);
        c.vmovups(__[Blocks], Y(0));
        c.vmovups(__[Blocks + 32], Y(1));
        c.add(__qword_ptr[Arguments + Offset(nameof(DirectCall.Y))], 64);
        // Rows side by side are at their end, where the next ones begin; of rows one after another the first is at its end, which is where the second begins.
        if (!interleaved)
        {
            c.lea(Fours[0], __[Fours[0] + (ThreeRows * 4)]);
            c.add(Fours[0], ThreeRows);
        }
        c.dec(__qword_ptr[Arguments + Offset(nameof(DirectCall.Panels))]);
        c.jnz(panel);
        if (stackBytes > 0) c.add(rsp, stackBytes);
        Registers.Leave(c);
        c.Label(ref bytesOfFour);
        c.db([.. Enumerable.Range(0, 32).Select(i => (byte)((i % 4 * 4) + (i / 4 % 4)))]);
        return c;
    }

    /// <summary>A block of the first eight rows, then of the others.</summary>
    public static Action Both(Action<int> half) => () =>
    {
        half(0);
        half(1);
    };

    /// <summary>An index for vpshufb: byte i of the four words of 128 bits, for i from 0 to 3.</summary>
    public Label BytesOfFour => bytesOfFour;

    /// <summary>Reads 16 bytes at <paramref name="at"/> of each row's block: vector i of v0 … v3 gets bytes 4·i … 4·i + 3 of row r in lane r. Four further registers are used.</summary>
    public void Turn(int half, int at, AssemblerRegisterYMM v0, AssemblerRegisterYMM v1, AssemblerRegisterYMM v2, AssemblerRegisterYMM v3, AssemblerRegisterYMM t0, AssemblerRegisterYMM t1, AssemblerRegisterYMM t2, AssemblerRegisterYMM t3)
    {
        Assembler c = Code;
        if (interleaved)
        {
            AssemblerRegisterYMM[] words = [v0, v1, v2, v3];
            for (int i = 0; i < 4; i++) c.vmovdqu(words[i], Word(half, at + (4 * i)));
            return;
        }
        AssemblerRegister64 a = Fours[2 * half], b = Fours[(2 * half) + 1];
        Pair(t0, a + at, b + at);
        Pair(t1, a + Row + at, b + Row + at);
        Pair(t2, a + (Row * 2) + at, b + (Row * 2) + at);
        Pair(t3, a + ThreeRows + at, b + ThreeRows + at);
        c.vpunpckldq(v0, t0, t1);
        c.vpunpckhdq(t0, t0, t1);
        c.vpunpckldq(v1, t2, t3);
        c.vpunpckhdq(t2, t2, t3);
        c.vpunpckhqdq(t1, v0, v1);
        c.vpunpcklqdq(v0, v0, v1);
        c.vmovdqa(v1, t1);
        c.vpunpcklqdq(v2, t0, t2);
        c.vpunpckhqdq(v3, t0, t2);

        void Pair(AssemblerRegisterYMM to, AssemblerMemoryOperand first, AssemblerMemoryOperand second)
        {
            c.vmovdqu(Lower(to), __xmmword_ptr[first]);
            c.vinserti128(to, to, __xmmword_ptr[second], 1);
        }
    }

    /// <summary>Four vectors as of <see cref="Turn"/>, in memory: where they lie, or at rsp + <paramref name="stackAt"/>.</summary>
    public AssemblerMemoryOperand[] Words(int half, int at, int stackAt, AssemblerRegisterYMM[] v)
    {
        if (interleaved) return [.. Enumerable.Range(0, 4).Select(i => Word(half, at + (4 * i)))];
        Turn(half, at, v[0], v[1], v[2], v[3], ymm4, ymm5, ymm8, ymm9);
        AssemblerMemoryOperand[] words = [.. Enumerable.Range(0, 4).Select(i => __[rsp + (stackAt + (32 * i))])];
        for (int i = 0; i < 4; i++) Code.vmovdqu(words[i], v[i]);
        return words;
    }

    /// <summary>Four bytes of each row's block where rows lie side by side.</summary>
    public static AssemblerMemoryOperand Word(int half, int at) => __[Fours[0] + ((16 * at) + (32 * half))];

    /// <summary>The F16 number at <paramref name="at"/> of each row's block as F32.</summary>
    public void Halves(int half, int at, AssemblerRegisterYMM to)
    {
        Assembler c = Code;
        if (interleaved)
        {
            c.vcvtph2ps(to, __xmmword_ptr[Fours[0] + ((16 * at) + (16 * half))]);
            return;
        }
        AssemblerRegisterXMM lower = Lower(to);
        c.vpxor(lower, lower, lower);
        for (int row = 0; row < 8; row++)
        {
            AssemblerRegister64 four = Fours[(2 * half) + (row / 4)];
            c.vpinsrw(lower, lower, (row % 4) switch
            {
                0 => __word_ptr[four + at],
                1 => __word_ptr[four + Row + at],
                2 => __word_ptr[four + (Row * 2) + at],
                _ => __word_ptr[four + ThreeRows + at],
            }, (byte)row);
        }
        c.vcvtph2ps(to, lower);
    }

    /// <summary>The F16 numbers in the lower (or upper) half of each lane as F32.</summary>
    public void Halves(AssemblerRegisterYMM lanes, bool upper, AssemblerRegisterYMM to)
    {
        Assembler c = Code;
        if (upper) c.vpsrld(to, lanes, 16);
        else
        {
            c.vpslld(to, lanes, 16);
            c.vpsrld(to, to, 16);
        }
        c.vpackusdw(to, to, to);
        c.vpermq(to, to, 0x08);
        c.vcvtph2ps(to, Lower(to));
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
                Code.prefetchnta(__[Fours[0] + (asked + nearBytes)]);
                continue;
            }
            Code.prefetcht1(__[Ahead + asked]);
            if (rows == DirectRows.Apart) Code.prefetcht0(__[Ahead + (asked - 16384)]);
        }
    }

    /// <summary>Four columns of the activations in every lane: those from <paramref name="column"/> on.</summary>
    public void Four(int column, AssemblerRegisterYMM to)
    {
        Prefetch();
        Code.vpbroadcastd(to, __dword_ptr[X + (column / 32 * XStep) + (column % 32)]);
    }

    /// <summary>sum + the 16-bit products of unsigned bytes with four columns; the first makes the sum.</summary>
    public void Multiply(AssemblerRegisterYMM sum, AssemblerRegisterYMM bytes, int column, bool first, AssemblerRegisterYMM free)
    {
        Four(column, free);
        Code.vpmaddubsw(first ? sum : free, bytes, free);
        if (!first) Code.vpaddw(sum, sum, free);
    }

    /// <summary>y = fma((float)sum, scale · xScale, y) with the scale of 32-column block <paramref name="block"/>; the sum is used up.</summary>
    public void AddScaled(int half, AssemblerRegisterYMM sum, AssemblerRegisterYMM scale, int block, AssemblerRegisterYMM free)
    {
        Assembler c = Code;
        c.vcvtdq2ps(sum, sum);
        c.vbroadcastss(free, __dword_ptr[XScales + (block * ScaleStep)]);
        c.vmulps(free, free, scale);
        c.vfmadd231ps(Y(half), sum, free);
    }

    /// <summary>The same for both halves of a block of 32 columns, whose scale stands in front of it.</summary>
    public void AddBlock(AssemblerRegisterYMM[] sums, AssemblerRegisterYMM[] scales, AssemblerRegisterYMM xScale)
    {
        Code.vbroadcastss(xScale, __dword_ptr[XScales]);
        for (int half = 0; half < 2; half++)
        {
            Halves(half, 0, scales[half]);
            Code.vcvtdq2ps(sums[half], sums[half]);
            Code.vmulps(scales[half], scales[half], xScale);
            Code.vfmadd231ps(Y(half), sums[half], scales[half]);
        }
    }

    /// <summary>The lower half of a register.</summary>
    public static AssemblerRegisterXMM Lower(AssemblerRegisterYMM register) => Registers.X[Array.IndexOf(Registers.Y, register)];

    private static int Offset(string field) => (int)Marshal.OffsetOf<DirectCall>(field);
}
