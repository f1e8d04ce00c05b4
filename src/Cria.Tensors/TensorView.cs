using Cria.Tensors.Memory;
using Cria.Tensors.Quantization;

namespace Cria.Tensors;

/// <summary>
/// The stored bytes of one tensor, where they lie (most often in a mapped file). Valid as long as its <see cref="Formats.ITensorSource"/>.
/// Rows are contiguous; a row is a whole number of blocks. In a prepared file 16 rows lie side by side (<see cref="IsInterleaved"/>): all but <see cref="Data"/> gives them as they were.
/// </summary>
public readonly unsafe struct TensorView
{
    /// <summary>
    /// Wraps memory that outlives the view. Throws when <paramref name="byteCount"/> is not what type and shape ask for,
    /// or when <paramref name="rowScales"/> [rows] are missing where the type has them.
    /// </summary>
    public TensorView(TensorType type, long rows, int columns, byte* data, long byteCount, float* rowScales = null)
    {
        BlockFormat format = BlockFormat.Of(type);
        long rowBytes = format.RowBytes(columns);
        if (format.HasRowScales != (rowScales != null)) throw new ArgumentException($"{type} {(rowScales == null ? "needs scales of its rows" : "has no scales of rows")}", nameof(rowScales));
        if (byteCount != checked(rows * rowBytes))
            throw new ArgumentException($"{rows} x {columns} {type} takes {rows * rowBytes} bytes, not {byteCount}", nameof(byteCount));
        Type = type;
        Rows = rows;
        Columns = columns;
        Data = data;
        RowBytes = rowBytes;
        RowScales = rowScales;
    }

    /// <summary>How elements are stored.</summary>
    public TensorType Type { get; }

    /// <summary>Number of rows (1 for a vector).</summary>
    public long Rows { get; }

    /// <summary>Elements in a row.</summary>
    public int Columns { get; }

    /// <summary>First byte of the first row, or of the first 16 where they lie side by side.</summary>
    public byte* Data { get; }

    /// <summary>True when whole groups of 16 rows lie side by side, as some kernels want them; rows beyond the last whole group lie one after another.</summary>
    public bool IsInterleaved { get; internal init; }

    /// <summary>Bytes from one row to the next.</summary>
    public long RowBytes { get; }

    /// <summary>A scale for each row [rows]; null unless the type has them.</summary>
    public float* RowScales { get; }

    /// <summary>The mapped file the bytes are part of; null for bytes that were put together in memory.</summary>
    internal MappedFile? File { get; init; }

    /// <summary>Bytes of the whole tensor.</summary>
    public long ByteCount => Rows * RowBytes;

    /// <summary>The bytes of one row, where they lie; a copy where rows lie side by side.</summary>
    public ReadOnlySpan<byte> Row(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return RowRange(row, 1);
    }

    /// <summary>The scale of a row, where the type has them.</summary>
    public float RowScale(long row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)row, RowScales == null ? 0 : (ulong)Rows, nameof(row));
        return RowScales[row];
    }

    /// <summary>The values of several rows that follow one another: <paramref name="values"/> [count, columns].</summary>
    public void Decode(long first, int count, Span<float> values)
    {
        if (RowScales == null)
        {
            BlockFormat.Of(Type).Decode(RowRange(first, count), values);
            return;
        }
        for (int i = 0; i < count; i++) I8.DecodeRow(Row(first + i), RowScales[first + i], values.Slice(i * Columns, Columns));
    }

    /// <summary>The bytes of several rows that follow one another, where they lie; a copy where rows lie side by side. Together at most 2 GiB.</summary>
    public ReadOnlySpan<byte> RowRange(long first, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Rows - count);
        int bytes = checked((int)(count * RowBytes));
        if (!IsInterleaved) return new ReadOnlySpan<byte>(Data + first * RowBytes, bytes);
        var restored = new byte[bytes];
        InterleavedRows.RestoreRows(BlockFormat.Of(Type), Data, Rows, first, (int)RowBytes, restored);
        return restored;
    }
}
