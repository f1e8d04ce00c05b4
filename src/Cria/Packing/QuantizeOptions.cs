using System.Text.RegularExpressions;
using Cria.Tensors;

namespace Cria.Packing;

/// <summary>What a user chooses about quantizing a model.</summary>
public sealed record QuantizeOptions
{
    /// <summary>The type of the file.</summary>
    public required FileType FileType { get; init; }

    /// <summary>Weighs errors by how strongly a model's inputs use each column.</summary>
    public ImportanceMatrix? Importance { get; init; }

    /// <summary>Gives every matrix the file's own type instead of following the recipe.</summary>
    public bool Pure { get; init; }

    /// <summary>Leaves the output matrix as it is.</summary>
    public bool LeaveOutput { get; init; }

    /// <summary>The type of the output matrix, instead of the recipe's.</summary>
    public TensorType? OutputType { get; init; }

    /// <summary>The type of the token embedding, instead of the recipe's.</summary>
    public TensorType? EmbeddingType { get; init; }

    /// <summary>Types by tensor name; the first pattern that matches decides, and the recipe has no say.</summary>
    public IReadOnlyList<(Regex Name, TensorType Type)> TensorTypes { get; init; } = [];

    /// <summary>Also takes weights that are quantized already; each time costs quality.</summary>
    public bool AllowRequantize { get; init; }

    /// <summary>Threads to encode with; 0 takes all cores.</summary>
    public int Threads { get; init; }
}
