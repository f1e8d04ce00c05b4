using Cria.Tensors.Kernels.Float;
using Cria.Tensors.Kernels.Int8;
using Cria.Tensors.Kernels.Lanes;
using Cria.Tensors.Kernels.Unpack;
using Cria.Tensors.Kernels.W8A8;
using Cria.Tensors.Memory;

namespace Cria.Tensors.Kernels.MatMul;

/// <summary>The activations of one product, prepared once in each form its weights ask for. Kept and reused.</summary>
internal sealed unsafe class MatMulInput
{
    private readonly List<(int GroupSize, int Zero, nint Starts)> starts = [];
    private readonly List<(int GroupSize, nint Sums)> sums = [];
    private float* x;
    private bool needsFloat;

    /// <summary>Tokens.</summary>
    public int Tokens { get; private set; }

    /// <summary>Input features.</summary>
    public int Columns { get; private set; }

    /// <summary>The rounded form, where some weight asks for it.</summary>
    public Int8Activations Rounded;

    /// <summary>The form with one scale a token, where some weight asks for it.</summary>
    public W8A8Activations WholeTokens;

    /// <summary>The float form [stretch, tile, column, token] (<see cref="StretchOrder"/>), or null.</summary>
    public float* FloatTiles { get; private set; }

    private int TilesOfFloats => (Tokens + FloatKernel.TileTokens - 1) / FloatKernel.TileTokens;

    /// <summary>Begins a product of x [tokens, columns].</summary>
    public void Begin(float* input, int tokens, int columns)
    {
        x = input;
        Tokens = tokens;
        Columns = columns;
        Rounded = default;
        WholeTokens = default;
        FloatTiles = null;
        needsFloat = false;
        starts.Clear();
        sums.Clear();
    }

    /// <summary>Makes room for what a kernel reads.</summary>
    public void Ask(MatMulKernel kernel, Arena arena)
    {
        if (kernel is QuantizedMatMul quantized) AskRounded(quantized, arena);
        else if (kernel is W8A8MatMul whole) AskTokens(whole.Product, arena);
        else if (!needsFloat)
        {
            needsFloat = true;
            FloatTiles = arena.Take<float>((long)TilesOfFloats * FloatKernel.TileTokens * Columns);
        }
    }

    /// <summary>The floats of a tile from a column on, which begins a stretch.</summary>
    public float* FloatTile(int tile, int column) => FloatTiles + StretchOrder.Place(TilesOfFloats, tile, column, Columns, FloatPanel.MaxColumns) * FloatKernel.TileTokens;

    /// <summary>Prepares one token in every form asked for.</summary>
    public void Prepare<T>(int token) where T : struct, ILanes<T>
    {
        float* row = x + (long)token * Columns;
        if (needsFloat)
        {
            for (int first = 0; first < Columns; first += FloatPanel.MaxColumns)
            {
                float* place = FloatTile(token / FloatKernel.TileTokens, first) + token % FloatKernel.TileTokens;
                for (int i = first; i < Math.Min(first + FloatPanel.MaxColumns, Columns); i++, place += FloatKernel.TileTokens) *place = row[i];
            }
        }
        if (WholeTokens.Scales != null) W8A8Rounding.Row<T>(row, WholeTokens, token);
        if (Rounded.Values == null) return;
        Int8Rounding.Row<T>(row, Rounded, token);
        int stride = Rounded.TileTokens;
        int tile = token / stride, slot = token % stride;
        for (int block = 0; block < Rounded.Blocks; block++)
        {
            long place = Rounded.Place(tile, block);
            int* halves = Rounded.HalfSums + 2 * place * stride + slot;
            int low = halves[0], high = halves[stride];
            foreach ((int groupSize, int zero, nint target) in starts)
            {
                if (groupSize == 32) ((int*)target)[place * stride + slot] = -zero * (low + high);
                else
                {
                    ((int*)target)[2 * place * stride + slot] = -zero * low;
                    ((int*)target)[(2 * place + 1) * stride + slot] = -zero * high;
                }
            }
            float scale = Rounded.Scales[place * stride + slot];
            foreach ((int groupSize, nint target) in sums)
            {
                if (groupSize == 32) ((float*)target)[place * stride + slot] = scale * (low + high);
                else
                {
                    ((float*)target)[2 * place * stride + slot] = scale * low;
                    ((float*)target)[(2 * place + 1) * stride + slot] = scale * high;
                }
            }
        }
    }

    /// <summary>What integer sums start from for this format, or null.</summary>
    public int* Starts(Unpacker format)
    {
        foreach ((int groupSize, int zero, nint target) in starts)
        {
            if (groupSize == format.GroupSize && zero == format.Zero) return (int*)target;
        }
        return null;
    }

    /// <summary>Scaled sums of groups for formats with minimums, or null.</summary>
    public float* Sums(Unpacker format)
    {
        foreach ((int groupSize, nint target) in sums)
        {
            if (groupSize == format.GroupSize) return (float*)target;
        }
        return null;
    }

    private void AskTokens(W8A8Kernel product, Arena arena)
    {
        if (WholeTokens.Scales != null) return;
        int stride = product.TileTokens;
        bool inTiles = product.ReadsTiles(Tokens);
        long tiles = inTiles ? (Tokens + stride - 1) / stride : 0;
        WholeTokens = new W8A8Activations
        {
            Tokens = Tokens,
            Columns = Columns,
            Values = inTiles ? null : arena.Take<short>((long)Tokens * W8A8Activations.PaddedColumns(Columns)),
            Scales = arena.Take<float>(Tokens),
            TileTokens = stride,
            TileStretch = product.TileStretch,
            TileColumns = product.TileColumns,
            Tiles = !inTiles ? null : arena.Take<sbyte>(tiles * stride * Columns * (4 / product.TileColumns)),
            Sums = !inTiles ? null : arena.Take<int>(Tokens),
        };
    }

    private void AskRounded(QuantizedMatMul kernel, Arena arena)
    {
        Unpacker format = kernel.Format;
        int stride = kernel.Product.TileTokens;
        long tiles = (Tokens + stride - 1) / stride;
        long places = tiles * (Columns / Int8Activations.BlockSize) * stride;
        if (Rounded.Values == null)
        {
            Rounded = new Int8Activations
            {
                TileTokens = stride,
                Tokens = Tokens,
                Columns = Columns,
                Values = arena.Take<sbyte>(places * Int8Activations.BlockSize),
                Scales = arena.Take<float>(places),
                HalfSums = arena.Take<int>(2 * places),
            };
        }
        int groups = Int8Activations.BlockSize / format.GroupSize;
        if (kernel.ReadsStarts && Starts(format) == null) starts.Add((format.GroupSize, format.Zero, (nint)arena.Take<int>(groups * places)));
        if (format.HasMinimum && Sums(format) == null) sums.Add((format.GroupSize, (nint)arena.Take<float>(groups * places)));
    }
}
