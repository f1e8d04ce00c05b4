using Cria.Tensors.Kernels.Direct;
using Cria.Tensors.Kernels.Float;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>F32, F16 and BF16 weights: 32 rows × 128 columns are unpacked to floats in the first-level cache and multiplied with every tile of tokens.</summary>
internal sealed unsafe class FloatMatMul<T>(DirectFloatProduct? direct = null) : MatMulKernel where T : struct, ILanes<T>
{
    /// <summary>Scratch a worker needs: two panels.</summary>
    public const int ScratchBytes = 2 * FloatPanel.MaxColumns * 16 * sizeof(float);

    public override MatMulForm Form => MatMulForm.Float;

    public override bool WantsInterleaved => direct is not null;

    public override void Run(CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* tile, byte* scratch)
    {
        int elementBytes = weight.Type == TensorType.F32 ? 4 : 2;
        var first = (float*)scratch;
        float* second = first + FloatPanel.MaxColumns * 16;
        new Span<float>(tile, TileFloats(x.Tokens, panels)).Clear();
        for (int panel = firstPanel; panel < firstPanel + panels; panel += 2)
        {
            int together = Math.Min(2, firstPanel + panels - panel);
            float* result = tile + (panel - firstPanel) * 16;
            // The rows after these, which this worker most likely takes next.
            byte* ahead = (panel + 2 * together) * 16 <= weight.Rows ? weight.Panel(panel + together).Data : weight.Panel(panel).Data;
            if (x.Tokens <= FloatKernel.TileTokens && together == 2 && direct is not null && RunDirect(direct, weight, panel, x, ahead, result)) continue;
            for (int column = 0; column < weight.Columns; column += FloatPanel.MaxColumns)
            {
                int columns = Math.Min(FloatPanel.MaxColumns, weight.Columns - column);
                for (int p = 0; p < together; p++)
                {
                    RowPanel rows = weight.Panel(panel + p);
                    float* target = p == 0 ? first : second;
                    byte* soon = ahead + ((long)column * together + (long)p * columns) * 16 * elementBytes;
                    if (rows.IsInterleaved) FloatPanel.Convert<T>(weight.Type, rows.Data + (long)column * elementBytes * InterleavedRows.Count, columns, target, soon);
                    else FloatPanel.Unpack<T>(weight.Type, rows.Data + (long)column * elementBytes, weight.RowBytes, columns, target, soon);
                }
                for (int token = 0; token < x.Tokens; token += FloatKernel.TileTokens)
                {
                    float* input = x.FloatTile(token / FloatKernel.TileTokens, column);
                    float* output = result + (long)token * TileRows;
                    int tokens = Math.Min(FloatKernel.TileTokens, x.Tokens - token);
                    if (together == 2) FloatKernel.Run<T>(first, second, columns, input, output, TileRows, tokens);
                    else FloatKernel.Run<T>(first, columns, input, output, TileRows, tokens);
                }
            }
        }
    }

    /// <summary>Multiplies two panels with the tokens of one tile; false when they do not lie side by side.</summary>
    private static bool RunDirect(DirectFloatProduct direct, CpuWeight weight, int panel, MatMulInput x, byte* ahead, float* result)
    {
        RowPanel first = weight.Panel(panel), second = weight.Panel(panel + 1);
        if (!first.IsInterleaved || !second.IsInterleaved) return false;
        var call = new DirectFloatCall { First = first.Data, Second = second.Data, Ahead = ahead, Columns = weight.Columns, YTokenBytes = TileRows * sizeof(float) };
        for (int token = 0; token < x.Tokens; token += DirectFloatProduct.MostTokens)
        {
            call.X = x.FloatTiles + token;
            call.Y = result + token * TileRows;
            direct.Run(call, Math.Min(DirectFloatProduct.MostTokens, x.Tokens - token), once: x.Tokens <= DirectFloatProduct.MostTokens);
        }
        return true;
    }
}
