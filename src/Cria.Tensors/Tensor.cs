namespace Cria.Tensors;

/// <summary>
/// A matrix of 32-bit floats of the current step: [rows, columns], row-major, most often [tokens, features]. It belongs to the backend that made it and
/// is valid until the scope or step it was made in ends.
/// </summary>
public readonly unsafe struct Tensor
{
    internal Tensor(float* data, int rows, int columns)
    {
        Data = data;
        Rows = rows;
        Columns = columns;
    }

    internal float* Data { get; }

    /// <summary>Number of rows: most often tokens.</summary>
    public int Rows { get; }

    /// <summary>Number of columns: features of a token.</summary>
    public int Columns { get; }

    internal float* Row(int row) => Data + (long)row * Columns;

    internal Span<float> RowSpan(int row) => new(Row(row), Columns);
}
