using Cria.Tensors.Kernels.Direct;
using Cria.Tensors.Kernels.Int8;
using Cria.Tensors.Kernels.Unpack;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>
/// Quantized weights: 32 rows × up to 512 columns are unpacked to a panel in the first-level cache and multiplied with every tile of tokens, for one token as for
/// hundreds; so a format needs only an <see cref="Unpacker"/>, and a CPU level only an <see cref="Int8Kernel"/>.
/// </summary>
internal sealed unsafe class QuantizedMatMul(Unpacker format, Int8Kernel product, DirectProduct? direct) : MatMulKernel
{
    /// <summary>Scratch a worker needs: two panels with their scales and minimums.</summary>
    public const int ScratchBytes = 2 * Int8Call.PanelStride + 4 * Int8Call.ScaleStride;

    /// <summary>How the weights are stored.</summary>
    public Unpacker Format { get; } = format;

    /// <summary>The product of this CPU level.</summary>
    public Int8Kernel Product { get; } = product;

    public override MatMulForm Form => MatMulForm.Int8;

    public override void Run(CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* tile, byte* scratch)
    {
        int blockSize = weight.Format.BlockSize, blockBytes = weight.Format.BlockBytes;
        Int8Activations input = x.Rounded;
        int* starts = x.Starts(Format);
        float* sums = x.Sums(Format);
        int groups = Int8Activations.BlockSize / Format.GroupSize;
        var call = new Int8Call
        {
            Panel = scratch,
            Scales = (float*)(scratch + 2 * Int8Call.PanelStride),
            Minimums = (float*)(scratch + 2 * Int8Call.PanelStride + 2 * Int8Call.ScaleStride),
            YTokenBytes = TileRows * sizeof(float),
        };
        new Span<float>(tile, x.Tokens * TileRows).Clear();
        if (x.Tokens == 1 && direct is not null)
        {
            RunDirect(direct, weight, firstPanel, panels, x, tile);
            return;
        }
        for (int panel = firstPanel; panel < firstPanel + panels; panel += 2)
        {
            int together = Math.Min(2, firstPanel + panels - panel);
            float* result = tile + (panel - firstPanel) * 16;
            // The rows after these, which this worker most likely takes next.
            byte* ahead = (panel + 2 * together) * 16 <= weight.Rows ? weight.Panel(panel + together) : weight.Panel(panel);
            for (int column = 0; column < weight.Columns; column += Int8Call.MaxColumns)
            {
                int columns = Math.Min(Int8Call.MaxColumns, weight.Columns - column);
                for (int p = 0; p < together; p++)
                {
                    Format.Unpack(weight.Panel(panel + p) + (long)(column / blockSize) * blockBytes, weight.RowBytes, columns, Product.ReadsSigned(Format),
                        call.Panel + p * Int8Call.PanelStride, call.Scales + p * (Int8Call.ScaleStride / sizeof(float)), call.Minimums + p * (Int8Call.ScaleStride / sizeof(float)),
                        ahead + ((long)column / blockSize * together + (long)p * (columns / blockSize)) * 16 * blockBytes);
                }
                call.Blocks = columns / Int8Activations.BlockSize;
                for (int token = 0; token < x.Tokens; token += input.TileTokens)
                {
                    long place = (long)token * input.Blocks + (long)(column / Int8Activations.BlockSize) * input.TileTokens;
                    call.X = input.Values + place * Int8Activations.BlockSize;
                    call.XScales = input.Scales + place;
                    call.Starts = starts + groups * place;
                    call.XSums = sums + groups * place;
                    call.Y = result + (long)token * TileRows;
                    Product.Run(call, Format, together, Math.Min(input.TileTokens, x.Tokens - token));
                }
            }
        }
    }

    private void RunDirect(DirectProduct product, CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* tile)
    {
        Int8Activations input = x.Rounded;
        var call = new DirectCall
        {
            RowBytes = weight.RowBytes,
            Count = weight.Columns / weight.Format.BlockSize,
            X = input.Values,
            XScales = input.Scales,
            Starts = product.HasStarts ? x.Starts(Format) : null,
            XSums = Format.HasMinimum ? x.Sums(Format) : null,
        };
        for (int panel = firstPanel; panel < firstPanel + panels; panel++)
        {
            call.Blocks = weight.Panel(panel);
            call.Y = tile + (panel - firstPanel) * 16;
            // The rows two panels further, which this worker most likely takes soon.
            call.Ahead = (panel + 3) * 16 <= weight.Rows ? weight.Panel(panel + 2) : call.Blocks;
            product.Run(call);
        }
    }
}
