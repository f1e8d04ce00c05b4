using Cria.Tensors.Backends;
using Cria.Tensors.Kernels.Lanes;

namespace Cria.Tensors.Kernels.Attention;

/// <summary>
/// Some tokens of one sequence and the query heads of one key-value head, as rows [token, head of the group], with what attention has gathered for them. The past is taken in
/// stretches of <see cref="StretchPages"/> pages from position 0: each begins anew, and the stretches' results are merged in order. So it makes no difference
/// whether one worker takes them one after another or several take one each (flash-decoding).
/// </summary>
internal unsafe ref struct AttentionBlock<T> where T : struct, ILanes<T>
{
    /// <summary>Pages of a stretch. Fixed, because the order of sums is part of the contract.</summary>
    public const int StretchPages = 16;

    /// <summary>Positions of a stretch.</summary>
    public const int StretchLength = StretchPages * KvLayout.PageSize;

    private readonly KvPool pool;
    private readonly int layer, head, size, group, rows, tiles;
    private readonly long firstPosition;
    private readonly int[] pages;
    private readonly bool hasKeyIntegers, hasValueIntegers;
    private readonly TensorType keyType, valueType;
    private readonly IntegerForm keyForm, valueForm;
    private readonly float* entries, queries, outputs, maximums, sums, totals, totalMaximums, totalSums, scores, shrink;
    private readonly short* rounded;

    /// <summary>A block in a worker's scratch memory of <see cref="ScratchBytes"/>.</summary>
    public AttentionBlock(byte* memory, KvPool pool, int layer, int head, in AttentionSlice slice, int firstToken, int tokens, int groupSize)
    {
        (this.pool, this.layer, this.head, group, pages) = (pool, layer, head, groupSize, slice.Pages);
        size = pool.Layout.HeadSize;
        rows = tokens * groupSize;
        firstPosition = slice.Position + firstToken;
        (keyType, valueType) = (pool.Layout.Types.Keys, pool.Layout.Types.Values);
        (hasKeyIntegers, hasValueIntegers) = (IntegerForm.IsFor(keyType), IntegerForm.IsFor(valueType));
        (keyForm, valueForm) = (IntegerForm.Of(keyType, size), IntegerForm.Of(valueType, size));
        tiles = Tiles(rows);
        int padded = tiles * AttentionTile.Rows;
        entries = (float*)memory;
        queries = entries + KvLayout.PageSize * size;
        outputs = queries + padded * size;
        totals = outputs + padded * size;
        sums = totals + padded * size;
        scores = sums + padded * 16;
        rounded = (short*)(scores + padded * KvLayout.PageSize);
        maximums = (float*)rounded + AttentionTile.Rows * (KvLayout.PageSize / 2 + 1);
        totalMaximums = maximums + padded;
        totalSums = totalMaximums + padded;
        shrink = totalSums + padded;
    }

    /// <summary>Stretches a token at <paramref name="position"/> looks back over.</summary>
    public static int Stretches(long position) => (int)(position / StretchLength) + 1;

    /// <summary>Scratch bytes for blocks of <paramref name="rows"/> rows.</summary>
    public static long ScratchBytes(int headSize, int rows)
    {
        long padded = Tiles(rows) * AttentionTile.Rows;
        return sizeof(float) * ((long)KvLayout.PageSize * headSize + padded * (3L * headSize + 16 + 4 + KvLayout.PageSize) + AttentionTile.Rows * (KvLayout.PageSize / 2 + 1));
    }

    /// <summary>Floats of one stretch's result: for each row its sum, its maximum and what it gathered.</summary>
    public static long ResultLength(int headSize, int rows) => (long)rows * (headSize + 2);

    /// <summary>Lays the queries out as tiles want them, scaled so that weights are powers of two.</summary>
    public void TakeQueries(Tensor query, int firstRow)
    {
        float scale = (float)(1 / (Math.Sqrt(size) * Math.Log(2)));
        float* rotated = stackalloc float[KvPage.MostFeatures];
        new Span<float>(queries, tiles * AttentionTile.Rows * size).Clear();
        for (int row = 0; row < rows; row++)
        {
            float* source = query.Row(firstRow + row / group) + (head * group + row % group) * size;
            float* tile = queries + (long)(row / AttentionTile.Rows) * AttentionTile.Rows * size;
            int place = row % AttentionTile.Rows;
            if (!hasKeyIntegers)
            {
                for (int d = 0; d < size; d++) tile[d * AttentionTile.Rows + place] = source[d] * scale;
                continue;
            }
            for (int d = 0; d < size; d++) rotated[d] = source[d] * scale;
            if (KvTypes.IsRotated(keyType)) Hadamard.Rotate<T>(rotated, size);
            IntegerTile.TakeQuery<T>(keyForm, rotated, size, place, (int*)tile, tile + AttentionTile.Rows * size / 2);
        }
    }

    /// <summary>Attends over one stretch.</summary>
    public void Attend(int stretch)
    {
        int padded = tiles * AttentionTile.Rows;
        new Span<float>(outputs, padded * size).Clear();
        new Span<float>(maximums, padded).Fill(float.NegativeInfinity);
        new Span<float>(sums, padded * 16).Clear();
        long last = (firstPosition + (rows - 1) / group) / KvLayout.PageSize;
        // Of floats the next page is asked for in as many portions as there are products, keys with scores and values with the sums they are weighed into.
        int first = stretch * StretchPages, portions = KvLayout.PageSize / 16 * size;
        int valueStep = (int)(pool.Layout.ValueBytes / portions), keyStep = (int)(pool.Layout.KeyBytes / portions);
        // Pairs of 16-bit integers take half the room of floats; the scales of values stand behind them.
        int half = KvLayout.PageSize * size / 2;
        // What serves one tile alone is read as it is stored; else it is turned to floats once.
        bool direct = tiles == 1 && AttentionTile.ReadsStored<T>();
        bool keysAsStored = KvIntegers.IsFor(keyType) || (direct && keyType != TensorType.F32), valuesAsStored = KvIntegers.IsFor(valueType) || (direct && valueType != TensorType.F32);
        for (int page = first; page < first + StretchPages && page <= last; page++)
        {
            long pageStart = (long)page * KvLayout.PageSize;
            int next = pages[Math.Min(page + 1, last)];
            float* keys = keysAsStored ? (float*)pool.Keys(pages[page], layer, head) : entries, values = valuesAsStored ? (float*)pool.Values(pages[page], layer, head) : entries;
            // Keys for all tiles, then values for all: the first-level cache has no room for both.
            if (hasKeyIntegers && !keysAsStored) KvPage.ReadKeyPairs<T>(pool, pages[page], layer, head, entries);
            else if (!keysAsStored) KvPage.ReadKeys<T>(pool, pages[page], layer, head, entries);
            for (int tile = FirstTile(pageStart); tile < tiles; tile++) Score(tile, pageStart, keys, pool.Keys(next, layer, head), tile == tiles - 1 ? keyStep : 0, keysAsStored);
            float* scales = entries + half;
            if (KvIntegers.IsFor(valueType))
            {
                scales = values;
                values += KvIntegers.ScaleBytes(valueType, size) / sizeof(float);
            }
            else if (hasValueIntegers && valuesAsStored) KvPage.ReadValueScales<T>(pool, pages[page], layer, head, scales);
            else if (hasValueIntegers) KvPage.ReadValuePairs<T>(pool, pages[page], layer, head, entries, scales);
            else if (!valuesAsStored) KvPage.ReadValues<T>(pool, pages[page], layer, head, entries);
            for (int tile = FirstTile(pageStart); tile < tiles; tile++)
            {
                int firstRow = tile * AttentionTile.Rows;
                float* weights = scores + firstRow * KvLayout.PageSize, output = outputs + (long)firstRow * size;
                if (hasValueIntegers) IntegerTile.Gather<T>(valueForm, weights, values, scales, size, RowsOf(tile), shrink + firstRow, output, rounded, valuesAsStored ? valueType : null);
                else AttentionTile.Gather<T>(weights, values, size, RowsOf(tile), shrink + firstRow, output, pool.Values(next, layer, head), tile == tiles - 1 ? valueStep : 0, valuesAsStored);
            }
        }
    }

    /// <summary>Adds the stretch just attended over to those before it.</summary>
    public readonly void Merge(int stretch)
    {
        for (int row = 0; row < rows; row++) Merge(stretch, row, T.Sum(T.Load(sums + row * 16)), maximums[row], outputs + (long)row * size);
    }

    /// <summary>Writes the result of the stretch just attended over to <paramref name="result"/>, of <see cref="ResultLength"/>.</summary>
    public readonly void Keep(float* result)
    {
        for (int row = 0; row < rows; row++, result += size + 2)
        {
            result[0] = T.Sum(T.Load(sums + row * 16));
            result[1] = maximums[row];
            new ReadOnlySpan<float>(outputs + (long)row * size, size).CopyTo(new Span<float>(result + 2, size));
        }
    }

    /// <summary>Adds a kept result to those before it.</summary>
    public readonly void Merge(int stretch, float* result)
    {
        for (int row = 0; row < rows; row++, result += size + 2) Merge(stretch, row, result[0], result[1], result + 2);
    }

    /// <summary>Writes softmax(q·kᵀ)·v of all rows.</summary>
    public readonly void Finish(Tensor output, int firstRow)
    {
        for (int row = 0; row < rows; row++)
        {
            T inverse = T.Broadcast(1f / totalSums[row]);
            float* source = totals + (long)row * size;
            float* target = output.Row(firstRow + row / group) + (head * group + row % group) * size;
            for (int d = 0; d < size; d += 16) (T.Load(source + d) * inverse).Store(target + d);
            if (KvTypes.IsRotated(valueType)) Hadamard.Rotate<T>(target, size);
        }
    }

    /// <summary>Rows of a tile that there are.</summary>
    private readonly int RowsOf(int tile) => Math.Min(AttentionTile.Rows, rows - tile * AttentionTile.Rows);

    /// <summary>The first tile of which a row looks back to a page.</summary>
    private readonly int FirstTile(long pageStart) => (int)Math.Max(0, pageStart - firstPosition) * group / AttentionTile.Rows;

    /// <summary>Scores one tile against a page of keys and turns the scores into weights.</summary>
    private readonly void Score(int tile, long pageStart, float* keys, byte* ahead, int aheadStep, bool asStored)
    {
        int firstRow = tile * AttentionTile.Rows, tileRows = RowsOf(tile);
        float* query = queries + (long)firstRow * size, weights = scores + firstRow * KvLayout.PageSize;
        if (hasKeyIntegers) IntegerTile.Scores<T>(keyForm, (int*)query, query + AttentionTile.Rows * size / 2, keys, size, tileRows, weights, asStored ? keyType : null);
        else AttentionTile.Scores<T>(query, keys, size, tileRows, weights, ahead, aheadStep, asStored);
        // Rows in order look further and further: first those that end before this page, then those that end in it.
        int row = firstRow, end = firstRow + tileRows;
        for (; row < end && Visible(row, pageStart) <= 0; row++, weights += KvLayout.PageSize)
        {
            new Span<float>(weights, KvLayout.PageSize).Clear();
            shrink[row] = 1;
        }
        for (int masked = row; masked < end && Visible(masked, pageStart) is var visible and < KvLayout.PageSize; masked++)
            new Span<float>(weights + (masked - row) * KvLayout.PageSize + visible, KvLayout.PageSize - (int)visible).Fill(float.NegativeInfinity);
        AttentionTile.Weigh<T>(weights, end - row, maximums + row, sums + row * 16, shrink + row);
    }

    /// <summary>Positions of a page that a row sees; any number where it is not between 0 and the page's.</summary>
    private readonly long Visible(int row, long pageStart) => firstPosition + row / group + 1 - pageStart;

    private static int Tiles(int rows) => (rows + AttentionTile.Rows - 1) / AttentionTile.Rows;

    private readonly void Merge(int stretch, int row, float sum, float maximum, float* output)
    {
        float* total = totals + (long)row * size;
        if (stretch == 0)
        {
            totalSums[row] = sum;
            totalMaximums[row] = maximum;
            new ReadOnlySpan<float>(output, size).CopyTo(new Span<float>(total, size));
            return;
        }
        // A row that ends before this stretch must not be touched by it.
        if (firstPosition + row / group < (long)stretch * StretchLength) return;
        float larger = MathF.Max(totalMaximums[row], maximum);
        T before = Exponential.Exp2(T.Broadcast(totalMaximums[row] - larger)), now = Exponential.Exp2(T.Broadcast(maximum - larger));
        totalSums[row] = T.Largest(T.Fma(T.Broadcast(totalSums[row]), before, T.Broadcast(sum) * now));
        totalMaximums[row] = larger;
        for (int d = 0; d < size; d += 16) T.Fma(T.Load(total + d), before, T.Load(output + d) * now).Store(total + d);
    }
}
