using System.Runtime.CompilerServices;

namespace Cria.Tensors.Kernels.Unpack;

/// <summary>Scales and minimums of the eight groups that Q4_K and Q5_K keep in the first 16 bytes of a block; see <see cref="Quantization.SixBitPairs"/>.</summary>
internal static unsafe class SixBitPairRows
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(byte* block, nint rowBytes, float* scales, float* minimums) where T : struct, IRows<T>
    {
        T.Turn(block, rowBytes, out T halves, out T s, out T m, out T lower);
        T scale = Rows.LowerHalves(halves), minimum = T.UpperHalves(halves);
        T six = T.Bytes(63), upper = T.Bytes(48);
        Rows.StoreProducts(s & six, scale, scales);
        Rows.StoreProducts(Rows.LowNibbles(lower) | (T.Right(s, 2) & upper), scale, scales + 4 * Unpacker.PanelRows);
        Rows.StoreProducts(m & six, minimum, minimums);
        Rows.StoreProducts(Rows.HighNibbles(lower) | (T.Right(m, 2) & upper), minimum, minimums + 4 * Unpacker.PanelRows);
    }
}
