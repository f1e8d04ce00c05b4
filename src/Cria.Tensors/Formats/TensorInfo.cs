namespace Cria.Tensors.Formats;

/// <summary>Name, type and shape of a stored tensor. <paramref name="Shape"/> is outermost first: [rows, columns] for a matrix, [size] for a vector.</summary>
/// <param name="Name">GGUF name.</param>
/// <param name="Type">Storage type.</param>
/// <param name="Shape">Sizes, outermost first; the last is contiguous.</param>
/// <param name="ByteCount">Stored bytes.</param>
public sealed record TensorInfo(string Name, TensorType Type, IReadOnlyList<long> Shape, long ByteCount)
{
    /// <summary>Elements in a row: the last size.</summary>
    public long Columns => Shape.Count == 0 ? 1 : Shape[^1];

    /// <summary>Rows: the product of all sizes but the last.</summary>
    public long Rows => Shape.Count == 0 ? 1 : Shape.Take(Shape.Count - 1).Aggregate(1L, (a, b) => checked(a * b));

    /// <summary>Number of elements.</summary>
    public long ElementCount => checked(Rows * Columns);
}
