using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.Assembled;

/// <summary>A tile in 512-bit registers, one a row: numbers are spread as they are multiplied, and with VNNI pairs or quads are multiplied and added by one instruction.</summary>
internal sealed class TileCode512(TileKind kind, int rows, bool asks, bool byFours, bool hasVnni) : TileCode(kind, rows, asks, byFours, hasVnni)
{
    private static readonly AssemblerRegisterZMM Lane = zmm12, Free = zmm14;

    protected override void Clear()
    {
        for (int row = 0; row < RowCount; row++)
        {
            if (IsScoresOfQuads) Code.vpbroadcastd(Sum(row), __dword_ptr[Factors + 4 * (Attention.AttentionTile.Rows + row)]);
            else Code.vpxord(Sum(row), Sum(row), Sum(row));
        }
        if (!IsNibbles) return;
        Code.mov(eax, 0x0F0F0F0F);
        Code.vmovd(xmm10, eax);
        Code.vpbroadcastd(ymm10, xmm10);
        Code.mov(eax, 0x08080808);
        Code.vmovd(xmm11, eax);
        Code.vpbroadcastd(ymm11, xmm11);
    }

    protected override void Begin(int row) => Code.vmovups(Sum(row), Result);

    protected override void BeginShrunk(int row)
    {
        Code.vbroadcastss(Free, __dword_ptr[Factors + 4 * row]);
        Code.vmulps(Sum(row), Free, Result);
    }

    protected override void ScaleScores(int row, bool isFirst)
    {
        if (IsStored) Code.vcvtph2ps(Free, __ymmword_ptr[LaneScales]);
        else Code.vmovups(Free, __zmmword_ptr[LaneScales]);
        Code.vmulps(Free, Free, __dword_bcst[Factors + 4 * row]);
        Code.vcvtdq2ps(Sum(row), Sum(row));
        if (isFirst) Code.vmulps(Sum(row), Sum(row), Free);
        else Code.vfmadd213ps(Sum(row), Free, Result);
        Store(row);
    }

    protected override void ScaleValues(int row)
    {
        Code.vmovups(Free, Result);
        Code.vmulps(Free, Free, __dword_bcst[LaneScales + 4 * row]);
        Code.vcvtdq2ps(Sum(row), Sum(row));
        Code.vfmadd231ps(Free, Sum(row), __dword_bcst[Factors + 4 * row]);
        Code.vmovups(Result, Free);
    }

    protected override void Store(int row) => Code.vmovups(Result, Sum(row));

    protected override void Read(Func<int, AssemblerMemoryOperand> lane, AssemblerMemoryOperand second, bool isHigh)
    {
        if (IsHalves) Code.vcvtph2ps(Lane, __ymmword_ptr[lane(0)]);
        else if (IsStored)
        {
            Code.vmovdqu(xmm14, __xmmword_ptr[lane(0)]);
            Code.vpunpckhbw(xmm13, xmm14, __xmmword_ptr[second]);
            Code.vpunpcklbw(xmm14, xmm14, __xmmword_ptr[second]);
            Code.vinserti128(ymm14, ymm14, xmm13, 1);
            if (IsNibbles)
            {
                if (isHigh) Code.vpsrlw(ymm14, ymm14, 4);
                Code.vpand(ymm14, ymm14, ymm10);
                Code.vpsubb(ymm14, ymm14, ymm11);
            }
            Code.vpmovsxbw(Lane, ymm14);
        }
        else if (!AreQuads || MultipliesQuads) Code.vmovups(Lane, __zmmword_ptr[lane(0)]);
        else
        {
            if (!isHigh) Code.vpsllw(Lane, __zmmword_ptr[lane(0)], 8);
            else Code.vmovups(Lane, __zmmword_ptr[lane(0)]);
            if (IsScoresOfQuads) Code.vpsrlw(Lane, Lane, 8);
            else Code.vpsraw(Lane, Lane, 8);
        }
    }

    protected override void Multiply(int row, AssemblerMemoryOperand number)
    {
        if (!AreIntegers) Code.vfmadd231ps(Sum(row), Lane, __dword_bcst[number]);
        else if (MultipliesQuads && IsScoresOfQuads) Code.vpdpbusd(Sum(row), Lane, __dword_bcst[number]);
        else if (MultipliesQuads)
        {
            // The first factor is the one without a sign, and only the second may come from memory.
            Code.vpbroadcastd(Free, __dword_ptr[number]);
            Code.vpdpbusd(Sum(row), Free, Lane);
        }
        else if (HasVnni) Code.vpdpwssd(Sum(row), Lane, __dword_bcst[number]);
        else
        {
            Code.vpbroadcastd(Free, __dword_ptr[number]);
            Code.vpmaddwd(Free, Free, Lane);
            Code.vpaddd(Sum(row), Sum(row), Free);
        }
    }

    private static AssemblerRegisterZMM Sum(int row) => Registers.Z[row];

    private static AssemblerMemoryOperand Result => __zmmword_ptr[Sums];
}
