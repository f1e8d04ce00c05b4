using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Unpack;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>
/// With AVX2: 16 rows × 6 tokens, twelve sums in registers. Weights and activations are widened to 16 bits, so that vpmaddwd multiplies exactly, any two of −128 … 127, with no sign to
/// move and nothing to widen afterwards: two instructions for 16 products, where bytes need four for 32 and a third port's share.
/// </summary>
internal sealed unsafe class Avx2W8A8Kernel() : AssembledW8A8Kernel(new VectorW8A8Kernel<W8A8Lanes256>(), Tile, Stretch, PanelBytes, most: 1)
{
    /// <summary>Two panels of 256 columns fill half the first-level cache, and 512 tokens' activations of so many columns half the second.</summary>
    private const int Tile = 6, Stretch = 256, PanelBytes = 2 * 16 * Stretch;

    public override int TileColumns => 2;

    protected override int FirstSum(in W8A8Activations x, int token) => 0;

    /// <summary>16 rows as numbers of 16 bits: for each 2 columns 64 bytes, row r's two at 4·r.</summary>
    protected override void Unpack(byte* rows, nint rowBytes, int columns, byte* panel)
    {
        for (int half = 0; half < 2; half++, rows += 8 * rowBytes, panel += 32)
        {
            for (int column = 0; column < columns; column += 16)
            {
                RowAfterRow.Turn(rows + column, rowBytes, out Vector256<byte> v0, out Vector256<byte> v1, out Vector256<byte> v2, out Vector256<byte> v3);
                byte* to = panel + column * 32;
                Widen(v0, to);
                Widen(v1, to + 128);
                Widen(v2, to + 256);
                Widen(v3, to + 384);
            }
        }
    }

    protected override void MoveSums(Assembler c, int token, int panels, bool load)
    {
        for (int p = 0; p < 2; p++)
        {
            if (load) c.vmovdqu(Sum(p, token), __[Y + 32 * p]);
            else c.vmovdqu(__[Y + 32 * p], Sum(p, token));
        }
    }

    protected override void Multiply(Assembler c, int panels, int tokens)
    {
        AssemblerRegisterYMM[] weight = [ymm12, ymm13];
        AssemblerRegisterYMM broadcast = ymm14, product = ymm15;
        for (int pair = 0, asked = 0; pair < BlockColumns / 2; pair++)
        {
            for (; asked <= 4 * Tile * pair; asked += 64) c.prefetcht0(__[Ahead + asked]);
            for (int p = 0; p < 2; p++) c.vmovdqu(weight[p], __[Panel + 64 * pair + 32 * p]);
            for (int t = 0; t < tokens; t++)
            {
                c.vpbroadcastd(broadcast, __dword_ptr[X + 4 * (Tile * pair + t)]);
                c.vpmaddwd(product, broadcast, weight[0]);
                c.vpmaddwd(broadcast, broadcast, weight[1]);
                c.vpaddd(Sum(0, t), Sum(0, t), product);
                c.vpaddd(Sum(1, t), Sum(1, t), broadcast);
            }
        }
    }

    private static AssemblerRegisterYMM Sum(int p, int t) => Registers.Y[2 * t + p];

    /// <summary>Four columns of eight rows: the first two, and a panel's step further the other two.</summary>
    private static void Widen(Vector256<byte> bytes, byte* to)
    {
        // A byte beside itself, shifted, is its 16-bit number.
        Vector256<float> low = Avx2.ShiftRightArithmetic(Avx2.UnpackLow(bytes, bytes).AsInt16(), 8).AsSingle(), high = Avx2.ShiftRightArithmetic(Avx2.UnpackHigh(bytes, bytes).AsInt16(), 8).AsSingle();
        Avx.Shuffle(low, high, 0b10_00_10_00).Store((float*)to);
        Avx.Shuffle(low, high, 0b11_01_11_01).Store((float*)(to + 64));
    }
}
