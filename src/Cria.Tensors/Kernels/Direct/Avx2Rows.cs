using Cria.Tensors.Kernels.Assembled;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Direct;

/// <summary>What direct products by AVX2 are assembled from. Sixteen rows are two halves of eight, whose 32-bit lanes are rows.</summary>
internal sealed class Avx2Rows : DirectFrame
{
    private Label bytesOfFour;

    /// <inheritdoc cref="DirectFrame(int, DirectRows, int, int)"/>
    public Avx2Rows(int blockBytes, DirectRows rows, int tile, int startsOf = 32) : base(blockBytes, rows, tile, startsOf) => bytesOfFour = Code.CreateLabel();

    /// <summary>Results of a half.</summary>
    public static AssemblerRegisterYMM Y(int half) => half == 0 ? ymm14 : ymm15;

    /// <summary>Sixteen ones of 16 bits.</summary>
    public static AssemblerRegisterYMM Ones => ymm13;

    protected override void Begin()
    {
        Code.vpcmpeqd(Ones, Ones, Ones);
        Code.vpsrlw(Ones, Ones, 15);
    }

    protected override void MoveResults(AssemblerRegister64 at, bool load)
    {
        for (int half = 0; half < 2; half++)
        {
            if (load) Code.vmovups(Y(half), __[at + (32 * half)]);
            else Code.vmovups(__[at + (32 * half)], Y(half));
        }
    }

    protected override void End()
    {
        Code.Label(ref bytesOfFour);
        Code.db([.. Enumerable.Range(0, 32).Select(i => (byte)((i % 4 * 4) + (i / 4 % 4)))]);
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
        if (IsInterleaved)
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
        if (IsInterleaved) return [.. Enumerable.Range(0, 4).Select(i => Word(half, at + (4 * i)))];
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
        if (IsInterleaved)
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

    /// <summary>Four columns of the activations in every lane: those from <paramref name="column"/> on.</summary>
    public void Four(int column, AssemblerRegisterYMM to)
    {
        Code.vpbroadcastd(to, __dword_ptr[FourColumns(column)]);
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
}
