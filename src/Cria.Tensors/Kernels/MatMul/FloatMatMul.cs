using Cria.Tensors.Kernels.Float;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>F32, F16 and BF16 weights: 32 rows × 128 columns are unpacked to floats in the first-level cache and multiplied with every tile of tokens.</summary>
internal sealed unsafe class FloatMatMul<T> : MatMulKernel where T : struct, ILanes<T>
{
    /// <summary>Scratch a worker needs: two panels.</summary>
    public const int ScratchBytes = 2 * FloatPanel.MaxColumns * 16 * sizeof(float);

    public override MatMulForm Form => MatMulForm.Float;

    public override void Run(CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* tile, byte* scratch)
    {
        int elementBytes = weight.Type == TensorType.F32 ? 4 : 2;
        var first = (float*)scratch;
        float* second = first + FloatPanel.MaxColumns * 16;
        new Span<float>(tile, x.Tokens * TileRows).Clear();
        for (int panel = firstPanel; panel < firstPanel + panels; panel += 2)
        {
            int together = Math.Min(2, firstPanel + panels - panel);
            float* result = tile + (panel - firstPanel) * 16;
            // The rows after these, which this worker most likely takes next.
            byte* ahead = (panel + 2 * together) * 16 <= weight.Rows ? weight.Panel(panel + together).Data : weight.Panel(panel).Data;
            for (int column = 0; column < weight.Columns; column += FloatPanel.MaxColumns)
            {
                int columns = Math.Min(FloatPanel.MaxColumns, weight.Columns - column);
                for (int p = 0; p < together; p++)
                {
                    FloatPanel.Unpack<T>(weight.Type, weight.Panel(panel + p).Data + (long)column * elementBytes, weight.RowBytes, columns, p == 0 ? first : second,
                        ahead + ((long)column * together + (long)p * columns) * 16 * elementBytes);
                }
                for (int token = 0; token < x.Tokens; token += FloatKernel.TileTokens)
                {
                    float* input = x.FloatTiles + (long)token * x.Columns + (long)column * FloatKernel.TileTokens;
                    float* output = result + (long)token * TileRows;
                    int tokens = Math.Min(FloatKernel.TileTokens, x.Tokens - token);
                    if (together == 2) FloatKernel.Run<T>(first, second, columns, input, output, TileRows, tokens);
                    else FloatKernel.Run<T>(first, columns, input, output, TileRows, tokens);
                }
            }
        }
    }
}
