using System.Runtime.Intrinsics;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.W8A8;

/// <summary>Rounds rows of activations to 8 bits: scale = max|x| / 127 over the row, number = round(x / scale), ties to even.</summary>
internal static unsafe class W8A8Rounding
{
    /// <summary>Rows whose largest value is below this count as zero.</summary>
    private const float Smallest = 1e-18f;

    /// <summary>Rounds row <paramref name="token"/> into its places in <paramref name="target"/>.</summary>
    public static void Row<T>(float* x, in W8A8Activations target, int token) where T : struct, ILanes<T>
    {
        T largest = T.Broadcast(0);
        for (int i = 0; i < target.Columns; i += ILanes<T>.Count) largest = T.Max(largest, T.Abs(T.Load(x + i)));
        float most = T.Largest(largest);
        if (most < Smallest) most = 0;
        target.Scales[token] = most / 127f;
        T factor = T.Broadcast(most > 0 ? 127f / most : 0f);
        short* words = stackalloc short[ILanes<T>.Count];
        sbyte* bytes = stackalloc sbyte[ILanes<T>.Count];
        bool inTiles = target.Tiles != null;
        int sum = 0;
        for (int i = 0; i < target.Columns; i += ILanes<T>.Count)
        {
            sum += T.StoreRounded(T.Load(x + i) * factor, bytes);
            (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.Load(bytes));
            short* values = !inTiles ? target.At(token, i - i % W8A8Activations.StretchColumns) + i % W8A8Activations.StretchColumns : words;
            low.Store(values);
            high.Store(values + 8);
            if (!inTiles) continue;
            int* together = target.TileColumns == 4 ? (int*)bytes : (int*)words, tile = target.InTile(token / target.TileTokens, i) + token % target.TileTokens;
            for (int place = 0; place < ILanes<T>.Count / target.TileColumns; place++, tile += target.TileTokens) *tile = together[place];
        }
        if (target.Sums != null) target.Sums[token] = sum;
    }
}
