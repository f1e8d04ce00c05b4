using Cria.Tensors.Kernels;

namespace Cria.Packing.OneFile;

/// <summary>What goes into a packed file.</summary>
public sealed record PackOptions
{
    /// <summary>The programs, each for another system.</summary>
    public required IReadOnlyList<PackedProgram> Programs { get; init; }

    /// <summary>The default arguments, one an element; <c>...</c> is where the user's go, the end where it is missing.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>True to leave the weights out and put them beside the file, where it finds them.</summary>
    public bool WeightsBeside { get; init; }

    /// <summary>Also holds the weights in the layout that the kernels of this CPU level want; null leaves that out.</summary>
    public CpuLevel? Prepared { get; init; }

    /// <summary>With <see cref="Prepared"/>: leaves the plain weights out. Other levels then use the prepared ones too, with the same results, more slowly.</summary>
    public bool OnlyPrepared { get; init; }
}
