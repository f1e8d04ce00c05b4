using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Int8;

/// <summary>Rounds rows of activations to 8 bits: scale = max|x| / 127 over 32 columns, byte = round(x / scale), ties to even.</summary>
internal static unsafe class Int8Rounding
{
    /// <summary>Blocks whose largest value is below this count as zero: their scales would make subnormal products, which are a hundred times slower and add nothing.</summary>
    private const float Smallest = 1e-18f;

    /// <summary>Rounds row <paramref name="token"/> into its place in <paramref name="target"/>.</summary>
    public static void Row<T>(float* x, in Int8Activations target, int token) where T : struct, ILanes<T>
    {
        int tile = token / target.TileTokens, slot = token % target.TileTokens, stride = target.TileTokens;
        for (int block = 0; block < target.Blocks; block++)
        {
            long place = target.Place(tile, block);
            T low = T.Load(x + block * 32), high = T.Load(x + block * 32 + 16);
            float largest = T.Largest(T.Max(T.Abs(low), T.Abs(high)));
            if (largest < Smallest) largest = 0;
            float inverse = largest > 0 ? 127f / largest : 0f;
            T factor = T.Broadcast(inverse);
            sbyte* values = target.Values + (place * stride + slot) * Int8Activations.BlockSize;
            target.Scales[place * stride + slot] = largest / 127f;
            target.HalfSums[(2 * place) * stride + slot] = T.StoreRounded(low * factor, values);
            target.HalfSums[(2 * place + 1) * stride + slot] = T.StoreRounded(high * factor, values + 16);
        }
    }
}
