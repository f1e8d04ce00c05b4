using System.Runtime.InteropServices;
using Cria.Tensors.Kernels.Float;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>F32, F16 and BF16 weights: 32 rows × 128 columns are unpacked to floats in the first-level cache and multiplied with every tile of tokens.</summary>
internal sealed unsafe class FloatMatMul<T> : MatMulKernel where T : struct, ILanes<T>
{
    /// <summary>Scratch a worker needs: two panels.</summary>
    public const int ScratchBytes = 2 * FloatPanel.MaxColumns * 16 * sizeof(float);

    public override MatMulForm Form => MatMulForm.Float;

    public override void Run(CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* y, byte* scratch)
    {
        int elementBytes = weight.Type == TensorType.F32 ? 4 : 2;
        int tiles = (x.Tokens + FloatKernel.TileTokens - 1) / FloatKernel.TileTokens;
        var first = (float*)scratch;
        float* second = first + FloatPanel.MaxColumns * 16;
        for (int panel = firstPanel; panel < firstPanel + panels; panel += 2)
        {
            int together = Math.Min(2, firstPanel + panels - panel);
            bool padded = (panel + together) * 16 > weight.Rows;
            float* target = y + panel * 16L;
            long stride = weight.Rows;
            float* padding = null;
            if (padded)
            {
                padding = (float*)NativeMemory.AlignedAlloc((nuint)(x.Tokens * 32L * sizeof(float)), 64);
                target = padding;
                stride = 32;
            }
            for (int token = 0; token < x.Tokens; token++) new Span<float>(target + token * stride, together * 16).Clear();
            for (int column = 0; column < weight.Columns; column += FloatPanel.MaxColumns)
            {
                int columns = Math.Min(FloatPanel.MaxColumns, weight.Columns - column);
                FloatPanel.Unpack<T>(weight.Type, weight.Panel(panel) + (long)column * elementBytes, weight.RowBytes, columns, first);
                if (together == 2) FloatPanel.Unpack<T>(weight.Type, weight.Panel(panel + 1) + (long)column * elementBytes, weight.RowBytes, columns, second);
                for (int tile = 0; tile < tiles; tile++)
                {
                    float* input = x.FloatTiles + ((long)tile * x.Columns + column) * FloatKernel.TileTokens;
                    float* output = target + tile * FloatKernel.TileTokens * stride;
                    int tokens = Math.Min(FloatKernel.TileTokens, x.Tokens - tile * FloatKernel.TileTokens);
                    if (together == 2) FloatKernel.Run<T>(first, second, columns, input, output, stride, tokens);
                    else FloatKernel.Run<T>(first, columns, input, output, stride, tokens);
                }
            }
            if (!padded) continue;
            int rows = weight.Rows - panel * 16;
            for (int token = 0; token < x.Tokens; token++) new Span<float>(padding + token * 32, rows).CopyTo(new Span<float>(y + (long)token * weight.Rows + panel * 16L, rows));
            NativeMemory.AlignedFree(padding);
        }
    }
}
