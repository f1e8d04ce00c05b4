using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>
/// A tile in 256-bit registers, two a row, assembled because the compiler moves every sum before it adds to it, and broadcasts from a register: 24 instructions
/// for 12 products instead of 48.
/// </summary>
internal sealed class TileCode256 : TileCode
{
    private Label lowNibbles, eights;

    public TileCode256(TileKind kind, int rows, bool asks, bool byFours) : base(kind, rows, asks, byFours, hasVnni: false)
    {
        lowNibbles = Code.CreateLabel();
        eights = Code.CreateLabel();
    }

    protected override void Clear()
    {
        for (int i = 0; i < 2 * RowCount; i++)
        {
            if (IsScoresOfQuads) Code.vbroadcastss(Registers.Y[i], __dword_ptr[Factors + 4 * (Attention.AttentionTile.Rows + i / 2)]);
            else Code.vpxor(Registers.Y[i], Registers.Y[i], Registers.Y[i]);
        }
    }

    protected override void Begin(int row)
    {
        for (int half = 0; half < 2; half++) Code.vmovups(Sum(row, half), Result(half));
    }

    protected override void BeginShrunk(int row)
    {
        Code.vbroadcastss(ymm14, __dword_ptr[Factors + 4 * row]);
        for (int half = 0; half < 2; half++) Code.vmulps(Sum(row, half), ymm14, Result(half));
    }

    protected override void ScaleScores(int row, bool isFirst)
    {
        Code.vbroadcastss(ymm14, __dword_ptr[Factors + 4 * row]);
        for (int half = 0; half < 2; half++)
        {
            Code.vcvtdq2ps(Sum(row, half), Sum(row, half));
            if (IsStored) Code.vcvtph2ps(ymm15, __xmmword_ptr[LaneScales + 16 * half]);
            if (IsStored) Code.vmulps(ymm15, ymm14, ymm15);
            else Code.vmulps(ymm15, ymm14, __ymmword_ptr[LaneScales + 32 * half]);
            if (isFirst) Code.vmulps(Sum(row, half), Sum(row, half), ymm15);
            else Code.vfmadd213ps(Sum(row, half), ymm15, Result(half));
        }
        Store(row);
    }

    protected override void ScaleValues(int row)
    {
        Code.vbroadcastss(ymm14, __dword_ptr[Factors + 4 * row]);
        Code.vbroadcastss(ymm15, __dword_ptr[LaneScales + 4 * row]);
        for (int half = 0; half < 2; half++)
        {
            Code.vcvtdq2ps(Sum(row, half), Sum(row, half));
            Code.vmulps(Registers.Y[12 + half], ymm15, Result(half));
            Code.vfmadd213ps(Sum(row, half), ymm14, Registers.Y[12 + half]);
        }
        Store(row);
    }

    protected override void Store(int row)
    {
        for (int half = 0; half < 2; half++) Code.vmovups(Result(half), Sum(row, half));
    }

    protected override void Read(Func<int, AssemblerMemoryOperand> lane, AssemblerMemoryOperand second, bool isHigh)
    {
        if (IsHalves)
        {
            Code.vcvtph2ps(ymm12, __xmmword_ptr[lane(0)]);
            Code.vcvtph2ps(ymm13, __xmmword_ptr[lane(16)]);
        }
        else if (IsStored)
        {
            Code.vmovdqu(xmm14, __xmmword_ptr[lane(0)]);
            Code.vpunpcklbw(xmm12, xmm14, __xmmword_ptr[second]);
            Code.vpunpckhbw(xmm13, xmm14, __xmmword_ptr[second]);
            if (IsNibbles)
            {
                Nibbles(xmm12, isHigh);
                Nibbles(xmm13, isHigh);
            }
            Code.vpmovsxbw(ymm12, xmm12);
            Code.vpmovsxbw(ymm13, xmm13);
        }
        else
        {
            Code.vmovups(ymm12, __ymmword_ptr[lane(0)]);
            Code.vmovups(ymm13, __ymmword_ptr[lane(32)]);
            if (!AreQuads) return;
            for (int half = 12; half < 14; half++)
            {
                AssemblerRegisterYMM quads = Registers.Y[half];
                if (!isHigh) Code.vpsllw(quads, quads, 8);
                if (IsScoresOfQuads) Code.vpsrlw(quads, quads, 8);
                else Code.vpsraw(quads, quads, 8);
            }
        }
    }

    protected override void Multiply(int row, AssemblerMemoryOperand number)
    {
        Code.vbroadcastss(ymm14, __dword_ptr[number]);
        for (int half = 0; half < 2; half++)
        {
            if (!AreIntegers)
            {
                Code.vfmadd231ps(Sum(row, half), Registers.Y[12 + half], ymm14);
                continue;
            }
            Code.vpmaddwd(ymm15, Registers.Y[12 + half], ymm14);
            Code.vpaddd(Sum(row, half), Sum(row, half), ymm15);
        }
    }

    protected override void End()
    {
        if (!IsNibbles) return;
        Code.Label(ref lowNibbles);
        Code.db([.. Enumerable.Repeat((byte)15, 16)]);
        Code.Label(ref eights);
        Code.db([.. Enumerable.Repeat((byte)8, 16)]);
    }

    private void Nibbles(AssemblerRegisterXMM bytes, bool isHigh)
    {
        if (isHigh) Code.vpsrlw(bytes, bytes, 4);
        Code.vpand(bytes, bytes, __xmmword_ptr[lowNibbles]);
        Code.vpsubb(bytes, bytes, __xmmword_ptr[eights]);
    }

    private static AssemblerRegisterYMM Sum(int row, int half) => Registers.Y[2 * row + half];

    private static AssemblerMemoryOperand Result(int half) => __ymmword_ptr[Sums + 32 * half];
}
