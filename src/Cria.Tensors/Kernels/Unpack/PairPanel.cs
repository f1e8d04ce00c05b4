using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Widens a panel of signed bytes to numbers of 16 bits.</summary>
internal static unsafe class PairPanel
{
    /// <summary>From [four columns, 16 rows, 4] bytes to [pair of columns, 16 rows, 2] numbers; needs AVX2.</summary>
    public static void Widen(byte* panel, int columns, short* pairs)
    {
        for (int four = 0; four < columns / 4; four++, panel += 4 * Unpacker.PanelRows, pairs += 4 * Unpacker.PanelRows)
        {
            for (int row = 0; row < Unpacker.PanelRows; row += 8)
            {
                // Rows 0 1 4 5 and 2 3 6 7 would come out of the shuffles in their order, were the middle quarters not exchanged first.
                Vector256<byte> rows = Avx2.Permute4x64(Vector256.Load(panel + 4 * row).AsUInt64(), 0b11_01_10_00).AsByte();
                Vector256<float> a = Avx2.ConvertToVector256Int16(rows.GetLower().AsSByte()).AsSingle(), b = Avx2.ConvertToVector256Int16(rows.GetUpper().AsSByte()).AsSingle();
                Avx.Shuffle(a, b, 0b10_00_10_00).AsInt16().Store(pairs + 2 * row);
                Avx.Shuffle(a, b, 0b11_01_11_01).AsInt16().Store(pairs + 2 * (Unpacker.PanelRows + row));
            }
        }
    }
}
