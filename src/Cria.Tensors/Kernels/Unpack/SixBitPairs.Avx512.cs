using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Scales and minimums of the eight groups that Q4_K and Q5_K keep in the first 16 bytes of a block, for 16 rows; see <see cref="Quantization.SixBitPairs"/>.</summary>
internal static unsafe class Avx512SixBitPairs
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* block, nint rowBytes, float* scales, float* minimums)
    {
        Avx512Rows.Turn(block, rowBytes, out Vector512<byte> halves, out Vector512<byte> s, out Vector512<byte> m, out Vector512<byte> lower);
        Vector512<float> scale = Avx512Rows.LowerHalves(halves.AsUInt32()), minimum = Avx512Rows.UpperHalves(halves.AsUInt32());
        Vector512<byte> six = Vector512.Create((byte)63), upper = Vector512.Create((byte)48);
        Avx512Rows.StoreProducts(s & six, scale, scales);
        Avx512Rows.StoreProducts(Avx512Rows.LowNibbles(lower) | (Avx512Rows.Right(s, 2) & upper), scale, scales + 4 * Unpacker.PanelRows);
        Avx512Rows.StoreProducts(m & six, minimum, minimums);
        Avx512Rows.StoreProducts(Avx512Rows.HighNibbles(lower) | (Avx512Rows.Right(m, 2) & upper), minimum, minimums + 4 * Unpacker.PanelRows);
    }
}
