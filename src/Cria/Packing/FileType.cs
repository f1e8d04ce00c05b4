using Cria.Tensors;

namespace Cria.Packing;

/// <summary>What a model file as a whole is stored as: one tensor type, or a mixed recipe named after the type that most of it has.</summary>
/// <param name="Name">The name users know, such as Q4_K_M.</param>
/// <param name="Id">The number of the GGUF setting <c>general.file_type</c>.</param>
/// <param name="TensorType">The type of tensors for which the recipe says nothing else.</param>
public sealed record FileType(string Name, uint Id, TensorType TensorType)
{
    /// <summary>Every file type Cria writes, from the largest to the smallest.</summary>
    public static IReadOnlyList<FileType> All { get; } =
    [
        new("F32", 0, TensorType.F32),
        new("F16", 1, TensorType.F16),
        new("BF16", 32, TensorType.BF16),
        new("Q8_0", 7, TensorType.Q8_0),
        new("Q6_K", 18, TensorType.Q6_K),
        new("Q5_1", 9, TensorType.Q5_1),
        new("Q5_K_M", 17, TensorType.Q5_K),
        new("Q5_K_S", 16, TensorType.Q5_K),
        new("Q5_0", 8, TensorType.Q5_0),
        new("Q4_1", 3, TensorType.Q4_1),
        new("Q4_K_M", 15, TensorType.Q4_K),
        new("Q4_K_S", 14, TensorType.Q4_K),
        new("Q4_0", 2, TensorType.Q4_0),
        new("IQ4_NL", 25, TensorType.IQ4_NL),
        new("IQ4_XS", 30, TensorType.IQ4_XS),
        new("Q3_K_L", 13, TensorType.Q3_K),
        new("Q3_K_M", 12, TensorType.Q3_K),
        new("Q3_K_S", 11, TensorType.Q3_K),
        new("Q2_K", 10, TensorType.Q2_K),
    ];

    /// <summary>Finds a type by its name, in any case; Q3_K, Q4_K and Q5_K mean their middle recipes. Throws <see cref="CriaException"/> when there is none.</summary>
    public static FileType Parse(string name)
    {
        string wanted = name.ToUpperInvariant();
        if (wanted is "Q3_K" or "Q4_K" or "Q5_K") wanted += "_M";
        return All.FirstOrDefault(type => type.Name == wanted)
            ?? throw new CriaException($"'{name}' is not a file type; choose one of {string.Join(", ", All.Select(type => type.Name))}");
    }

    /// <summary>The type that <c>general.file_type</c> numbers; null when the number is none Cria writes.</summary>
    public static FileType? Of(long id) => All.FirstOrDefault(type => type.Id == id);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
