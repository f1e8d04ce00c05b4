using Cria.Tensors.Kernels.Direct;
using Cria.Tensors.Kernels.Int8;
using Cria.Tensors.Kernels.Unpack;
using Cria.Tensors.Quantization;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>
/// Quantized weights: 32 rows × up to 512 columns are unpacked to a panel in the first-level cache and multiplied with every tile of tokens, for one token as for
/// hundreds; so a format needs only an <see cref="Unpacker"/>, and a CPU level only an <see cref="Int8Kernel"/>.
/// </summary>
internal sealed unsafe class QuantizedMatMul(Unpacker format, Unpacker? interleaved, Int8Kernel product, DirectProduct? direct) : MatMulKernel
{
    /// <summary>Taking blocks apart for a panel costs as much as several tokens without one.</summary>
    private const int MostDirectTokens = 4;

    private const int PanelBytes = 2 * Int8Call.PanelStride + 4 * Int8Call.ScaleStride;

    /// <summary>Most bytes of the blocks of <see cref="Int8Call.MaxColumns"/> columns: 34 for 32.</summary>
    private const int MostRowBytes = Int8Call.MaxColumns / 32 * 34;

    /// <summary>Scratch a worker needs: two panels with their scales and minimums, and the rows of a panel that lay side by side.</summary>
    public const int ScratchBytes = PanelBytes + InterleavedRows.Count * MostRowBytes;

    /// <summary>How the weights are stored.</summary>
    public Unpacker Format { get; } = format;

    /// <summary>The product of this CPU level.</summary>
    public Int8Kernel Product { get; } = product;

    /// <summary>True when integer sums start from a number that the activations give.</summary>
    public bool ReadsStarts { get; } = format.Zero != 0 && (!product.ReadsSigned(format) || direct is { HasStarts: true });

    public override MatMulForm Form => MatMulForm.Int8;

    public override bool WantsInterleaved => direct is not null;

    public override void Run(CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* tile, byte* scratch)
    {
        new Span<float>(tile, TileFloats(x.Tokens, panels)).Clear();
        bool readsStored = weight.IsInterleaved && Product.ReadsStored(weight.Type, x.Tokens);
        if (direct is not null && x.Tokens <= (readsStored ? 1 : MostDirectTokens))
        {
            RunDirect(direct, weight, firstPanel, panels, x, tile);
            return;
        }
        int blockSize = weight.Format.BlockSize, blockBytes = weight.Format.BlockBytes;
        var call = new Int8Call
        {
            Panel = scratch,
            Scales = (float*)(scratch + 2 * Int8Call.PanelStride),
            Minimums = (float*)(scratch + 2 * Int8Call.PanelStride + 2 * Int8Call.ScaleStride),
            NextPanel = Int8Call.PanelStride,
            YTokenBytes = TileRows * sizeof(float),
        };
        for (int panel = firstPanel; panel < firstPanel + panels; panel += 2)
        {
            int together = Math.Min(2, firstPanel + panels - panel);
            call.Y = tile + (panel - firstPanel) * 16;
            if (readsStored && weight.Panel(panel).IsInterleaved && weight.Panel(panel + together - 1).IsInterleaved)
            {
                RunStored(call, weight, panel, together, x);
                continue;
            }
            // The rows after these, which this worker most likely takes next.
            byte* ahead = weight.Panel((panel + 2 * together) * 16 <= weight.Rows ? panel + together : panel).Data;
            for (int column = 0; column < weight.Columns; column += Int8Call.MaxColumns)
            {
                int columns = Math.Min(Int8Call.MaxColumns, weight.Columns - column);
                for (int p = 0; p < together; p++)
                {
                    (Unpacker unpacker, nint rows, long rowBytes) = Stretch(weight, panel + p, column / blockSize, columns / blockSize, scratch + PanelBytes);
                    unpacker.Unpack((byte*)rows, rowBytes, columns, Product.ReadsSigned(Format),
                        call.Panel + p * Int8Call.PanelStride, call.Scales + p * (Int8Call.ScaleStride / sizeof(float)), call.Minimums + p * (Int8Call.ScaleStride / sizeof(float)),
                        ahead + ((long)column / blockSize * together + (long)p * (columns / blockSize)) * 16 * blockBytes);
                }
                PointAt(ref call, x, column, columns);
                Product.Run(call, Format, together, x.Tokens);
            }
        }
    }

    /// <summary>Multiplies one or two panels where they are stored.</summary>
    private void RunStored(Int8Call call, CpuWeight weight, int panel, int together, MatMulInput x)
    {
        byte* rows = weight.Panel(panel).Data;
        long panelBytes = InterleavedRows.Count * weight.RowBytes, done = 0;
        call.NextPanel = panelBytes;
        for (int column = 0; column < weight.Columns; column += Int8Call.MaxColumns)
        {
            int columns = Math.Min(Int8Call.MaxColumns, weight.Columns - column);
            call.Panel = rows + done;
            done += (long)(columns / weight.Format.BlockSize) * InterleavedRows.Count * weight.Format.BlockBytes;
            // Further along these rows or, after the last columns, the first of the panels behind them, which this worker most likely takes next.
            bool goesOn = column + columns < weight.Columns, hasMore = (panel + 2 * together) * 16 <= weight.Rows;
            call.RowsAhead = goesOn ? rows + done - call.Panel : hasMore ? rows + together * panelBytes - call.Panel : 0;
            PointAt(ref call, x, column, columns);
            Product.RunStored(weight.Type, call, Format, together, x.Tokens);
        }
    }

    /// <summary>Lets a call begin with the first tile's activations from a column on, which begins a stretch.</summary>
    private void PointAt(ref Int8Call call, MatMulInput x, int column, int columns)
    {
        Int8Activations input = x.Rounded;
        int groups = Int8Activations.BlockSize / Format.GroupSize;
        long place = input.Place(0, column / Int8Activations.BlockSize) * input.TileTokens;
        call.X = input.Values + place * Int8Activations.BlockSize;
        call.XScales = input.Scales + place;
        call.Starts = x.Starts(Format) + groups * place;
        call.XSums = x.Sums(Format) + groups * place;
        call.Blocks = columns / Int8Activations.BlockSize;
        call.NextX = (long)input.TileTokens * columns;
        call.NextXScales = call.Blocks * input.TileTokens * sizeof(float);
        call.NextGroups = groups * call.NextXScales;
    }

    /// <summary>Some blocks of 16 rows as an unpacker takes them: where they lie, or in scratch where it cannot read rows side by side.</summary>
    private (Unpacker Unpacker, nint Rows, long RowBytes) Stretch(CpuWeight weight, int panel, int firstBlock, int blocks, byte* scratch)
    {
        RowPanel rows = weight.Panel(panel);
        int blockBytes = weight.Format.BlockBytes;
        if (!rows.IsInterleaved) return (Format, (nint)rows.Data + (nint)firstBlock * blockBytes, weight.RowBytes);
        byte* first = rows.Data + (long)firstBlock * InterleavedRows.Count * blockBytes;
        if (interleaved is not null) return (interleaved, (nint)SideBySide.Pointer(first), 0);
        InterleavedRows.Restore(weight.Format, first, blocks, scratch, MostRowBytes);
        return (Format, (nint)scratch, MostRowBytes);
    }

    private void RunDirect(DirectProduct product, CpuWeight weight, int firstPanel, int panels, MatMulInput x, float* tile)
    {
        Int8Activations input = x.Rounded;
        var call = new DirectCall
        {
            RowBytes = weight.RowBytes,
            Count = weight.Columns / weight.Format.BlockSize,
        };
        int* starts = product.HasStarts ? x.Starts(Format) : null;
        float* sums = Format.HasMinimum ? x.Sums(Format) : null;
        for (int panel = firstPanel; panel < firstPanel + panels; panel += (int)call.Panels)
        {
            RowPanel rows = weight.Panel(panel);
            call.Blocks = rows.Data;
            // One token reads all rows that lie behind one another; others read what the first brought into the cache.
            call.Panels = x.Tokens > 1 ? 1 : Math.Max(1, Math.Min(firstPanel + panels, weight.WholePanels) - panel);
            DirectRows layout = !rows.IsInterleaved ? DirectRows.Apart : x.Tokens > 1 ? DirectRows.SideBySide : DirectRows.SideBySideOnce;
            // The rows two panels further, which this worker most likely takes soon.
            call.Ahead = (panel + 3) * 16 <= weight.Rows ? weight.Panel(panel + 2).Data : call.Blocks;
            for (int token = 0; token < x.Tokens; token++)
            {
                // All of them are of the first tile.
                call.X = input.Values + token * Int8Activations.BlockSize;
                call.XScales = input.Scales + token;
                call.Starts = starts + token;
                call.XSums = sums + token;
                call.Y = tile + (panel - firstPanel) * 16 + token * TileRows;
                product.Run(call, layout);
            }
        }
    }
}
