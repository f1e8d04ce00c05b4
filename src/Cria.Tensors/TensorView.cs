namespace Cria.Tensors;

/// <summary>
/// The stored bytes of one tensor, where they lie (most often in a mapped file). Valid as long as its <see cref="Formats.ITensorSource"/>.
/// Rows are contiguous; a row is a whole number of blocks.
/// </summary>
public readonly unsafe struct TensorView
{
    /// <summary>Wraps memory that outlives the view. Throws when <paramref name="byteCount"/> is not what type and shape ask for.</summary>
    public TensorView(TensorType type, long rows, int columns, byte* data, long byteCount)
    {
        long rowBytes = Quantization.BlockFormat.Of(type).RowBytes(columns);
        if (byteCount != checked(rows * rowBytes))
            throw new ArgumentException($"{rows} x {columns} {type} takes {rows * rowBytes} bytes, not {byteCount}", nameof(byteCount));
        Type = type;
        Rows = rows;
        Columns = columns;
        Data = data;
        RowBytes = rowBytes;
    }

    /// <summary>How elements are stored.</summary>
    public TensorType Type { get; }

    /// <summary>Number of rows (1 for a vector).</summary>
    public long Rows { get; }

    /// <summary>Elements in a row.</summary>
    public int Columns { get; }

    /// <summary>First byte of the first row.</summary>
    public byte* Data { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public long RowBytes { get; }

    /// <summary>Bytes of the whole tensor.</summary>
    public long ByteCount => Rows * RowBytes;

    /// <summary>The bytes of one row.</summary>
    public ReadOnlySpan<byte> Row(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return new ReadOnlySpan<byte>(Data + row * RowBytes, checked((int)RowBytes));
    }

    /// <summary>The bytes of several rows that follow one another; together at most 2 GiB.</summary>
    public ReadOnlySpan<byte> RowRange(long first, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Rows - count);
        return new ReadOnlySpan<byte>(Data + first * RowBytes, checked((int)(count * RowBytes)));
    }
}
