using System.Runtime.CompilerServices;
using Cria.Tensors.Kernels.Assembled;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Float;

/// <summary>
/// The float matrix product: 32 rows × up to 6 tokens × a panel's columns, added to y. For each row and token the columns are taken in order,
/// <c>y = fma(w, x, y)</c>, whatever the number of tokens: the same bits for one as for many.
/// </summary>
internal static unsafe class FloatKernel
{
    /// <summary>Tokens of a tile; activations lie as [tile, column, token].</summary>
    public const int TileTokens = 6;

    /// <summary>
    /// Runs two panels of 16 rows. <paramref name="x"/> is [columns, 6]; <paramref name="y"/> [token, row] with <paramref name="yStride"/> floats between tokens.
    /// A partly filled tile is computed whole and stored in part.
    /// </summary>
    public static void Run<T>(float* first, float* second, int columns, float* x, float* y, long yStride, int tokens) where T : struct, ILanes<T>
    {
        if (tokens == 1) One<T>(first, second, columns, x, y);
        else if (typeof(T) == typeof(Lanes256) && TileEntries.IsAvailable)
        {
            Assembled(first, columns, x, y, yStride, tokens);
            Assembled(second, columns, x, y + 16, yStride, tokens);
        }
        else Six<T>(first, second, columns, x, y, yStride, tokens);
    }

    /// <summary>Runs one panel of 16 rows.</summary>
    public static void Run<T>(float* panel, int columns, float* x, float* y, long yStride, int tokens) where T : struct, ILanes<T>
    {
        for (int token = 0; token < tokens; token++)
        {
            T sum = T.Load(y + token * yStride);
            for (int k = 0; k < columns; k++) sum = T.Fma(T.Load(panel + 16 * k), T.Broadcast(x[k * TileTokens + token]), sum);
            sum.Store(y + token * yStride);
        }
    }

    /// <summary>One panel in the twelve sums that 256-bit registers hold.</summary>
    private static void Assembled(float* panel, int columns, float* x, float* y, long yStride, int tokens) => TileEntries.Run(TileForm.Avx2, TileKind.Products, tokens, new TileCall
    {
        Lanes = panel,
        LaneBytes = 16 * sizeof(float),
        Numbers = x,
        Steps = columns,
        Groups = 1,
        Sums = y,
        SumBytes = yStride * sizeof(float),
    });

    private static void One<T>(float* first, float* second, int columns, float* x, float* y) where T : struct, ILanes<T>
    {
        T a = T.Load(y), b = T.Load(y + 16);
        for (int k = 0; k < columns; k++)
        {
            T v = T.Broadcast(x[k * TileTokens]);
            a = T.Fma(T.Load(first + 16 * k), v, a);
            b = T.Fma(T.Load(second + 16 * k), v, b);
        }
        a.Store(y);
        b.Store(y + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Six<T>(float* first, float* second, int columns, float* x, float* y, long yStride, int tokens) where T : struct, ILanes<T>
    {
        T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        T b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default;
        Load(y, 0, tokens, yStride, ref a0, ref b0);
        Load(y, 1, tokens, yStride, ref a1, ref b1);
        Load(y, 2, tokens, yStride, ref a2, ref b2);
        Load(y, 3, tokens, yStride, ref a3, ref b3);
        Load(y, 4, tokens, yStride, ref a4, ref b4);
        Load(y, 5, tokens, yStride, ref a5, ref b5);
        for (int k = 0; k < columns; k++)
        {
            T u = T.Load(first), w = T.Load(second), v = T.Broadcast(x[0]);
            a0 = T.Fma(u, v, a0);
            b0 = T.Fma(w, v, b0);
            v = T.Broadcast(x[1]);
            a1 = T.Fma(u, v, a1);
            b1 = T.Fma(w, v, b1);
            v = T.Broadcast(x[2]);
            a2 = T.Fma(u, v, a2);
            b2 = T.Fma(w, v, b2);
            v = T.Broadcast(x[3]);
            a3 = T.Fma(u, v, a3);
            b3 = T.Fma(w, v, b3);
            v = T.Broadcast(x[4]);
            a4 = T.Fma(u, v, a4);
            b4 = T.Fma(w, v, b4);
            v = T.Broadcast(x[5]);
            a5 = T.Fma(u, v, a5);
            b5 = T.Fma(w, v, b5);
            first += 16;
            second += 16;
            x += TileTokens;
        }
        Store(y, 0, tokens, yStride, a0, b0);
        Store(y, 1, tokens, yStride, a1, b1);
        Store(y, 2, tokens, yStride, a2, b2);
        Store(y, 3, tokens, yStride, a3, b3);
        Store(y, 4, tokens, yStride, a4, b4);
        Store(y, 5, tokens, yStride, a5, b5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<T>(float* y, int token, int tokens, long stride, ref T a, ref T b) where T : struct, ILanes<T>
    {
        if (token >= tokens) return;
        a = T.Load(y + token * stride);
        b = T.Load(y + token * stride + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(float* y, int token, int tokens, long stride, T a, T b) where T : struct, ILanes<T>
    {
        if (token >= tokens) return;
        a.Store(y + token * stride);
        b.Store(y + token * stride + 16);
    }
}
