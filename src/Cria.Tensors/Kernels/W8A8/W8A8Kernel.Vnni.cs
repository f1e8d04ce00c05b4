using System.Runtime.Intrinsics;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Unpack;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>
/// With VNNI's vpdpbusd: 32 rows × 12 tokens, twenty-four sums in registers.
/// The instruction multiplies unsigned with signed bytes, so a weight is taken as weight + 128, and a token's sums begin at −128 · Σx; both wrap around 32 bits alike.
/// </summary>
internal sealed unsafe class VnniW8A8Kernel() : AssembledW8A8Kernel(new VectorW8A8Kernel<W8A8Lanes512>(asks: false), Tile, Stretch, PanelBytes, most: 2)
{
    private const int Tile = 12, Stretch = W8A8Activations.StretchColumns, PanelBytes = 16 * Stretch;

    protected override int FirstSum(in W8A8Activations x, int token) => -128 * x.Sums[token];

    /// <summary>16 rows as weight + 128: for each 4 columns 64 bytes, row r's four at 4·r.</summary>
    protected override void Unpack(byte* rows, nint rowBytes, int columns, byte* panel)
    {
        Vector512<byte> flip = Vector512.Create((byte)128);
        for (int column = 0; column < columns; column += 16, panel += 256)
        {
            Avx512Rows.Turn(rows + column, rowBytes, out Vector512<byte> v0, out Vector512<byte> v1, out Vector512<byte> v2, out Vector512<byte> v3);
            (v0 ^ flip).Store(panel);
            (v1 ^ flip).Store(panel + 64);
            (v2 ^ flip).Store(panel + 128);
            (v3 ^ flip).Store(panel + 192);
        }
    }

    protected override void MoveSums(Assembler c, int token, int panels, bool load)
    {
        for (int p = 0; p < panels; p++)
        {
            if (load) c.vmovdqu32(Sum(p, token), __[Y + 64 * p]);
            else c.vmovdqu32(__[Y + 64 * p], Sum(p, token));
        }
    }

    protected override void Multiply(Assembler c, int panels, int tokens)
    {
        AssemblerRegisterZMM[] weight = [zmm24, zmm25];
        AssemblerRegisterZMM broadcast = zmm26;
        for (int four = 0; four < BlockColumns / 4; four++)
        {
            for (int p = 0; p < panels; p++) c.vmovdqu32(weight[p], __[Panel + p * PanelBytes + 64 * four]);
            for (int t = 0; t < tokens; t++)
            {
                c.vpbroadcastd(broadcast, __[X + 4 * (Tile * four + t)]);
                for (int p = 0; p < panels; p++) c.vpdpbusd(Sum(p, t), weight[p], broadcast);
            }
        }
    }

    private static AssemblerRegisterZMM Sum(int p, int t) => Registers.Z[p * Tile + t];
}
