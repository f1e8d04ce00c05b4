using System.Runtime.CompilerServices;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Gemm;

/// <summary>The float tile over any registers: 4 rows × 16 columns at a time, which the smallest register file still holds.</summary>
internal sealed unsafe class LaneGemmKernel<T> : GemmKernel where T : struct, ILanes<T>
{
    public override void Run(in GemmTile tile, bool accumulate)
    {
        for (int row = 0; row < Rows; row += 4)
        {
            for (int column = 0; column < Columns; column += 16)
                Square((byte*)tile.A + row * tile.ARowBytes, tile.ARowBytes, tile.AUnitBytes, tile.B + column, tile.Count, (float*)((byte*)tile.C + row * tile.CRowBytes) + column, tile.CRowBytes, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Square(byte* a, long rowBytes, long unitBytes, float* b, long count, float* c, long cRowBytes, bool accumulate)
    {
        float* c1 = (float*)((byte*)c + cRowBytes), c2 = (float*)((byte*)c + 2 * cRowBytes), c3 = (float*)((byte*)c + 3 * cRowBytes);
        T s0 = default, s1 = default, s2 = default, s3 = default;
        if (accumulate) (s0, s1, s2, s3) = (T.Load(c), T.Load(c1), T.Load(c2), T.Load(c3));
        for (; count > 0; count--)
        {
            T v = T.Load(b);
            s0 = T.Fma(T.Broadcast(*(float*)a), v, s0);
            s1 = T.Fma(T.Broadcast(*(float*)(a + rowBytes)), v, s1);
            s2 = T.Fma(T.Broadcast(*(float*)(a + 2 * rowBytes)), v, s2);
            s3 = T.Fma(T.Broadcast(*(float*)(a + 3 * rowBytes)), v, s3);
            a += unitBytes;
            b += Columns;
        }
        s0.Store(c);
        s1.Store(c1);
        s2.Store(c2);
        s3.Store(c3);
    }
}
