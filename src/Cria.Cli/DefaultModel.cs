using Cria.Cli.Packed;
using Cria.Packing;
using Cria.Tensors;

namespace Cria.Cli;

/// <summary>The model that answers where the user named none: the one in the packed file that was started, else the one that ships (<see cref="ShippedModel"/>).</summary>
internal static class DefaultModel
{
    /// <summary>Its path; null when none is there.</summary>
    public static string? Find() => OwnFile.Current?.ModelPath() ?? ShippedModel.Find();

    /// <summary>The model the user named, else the one that answers without. Throws <see cref="CriaException"/> when there is neither.</summary>
    public static string Or(string? named) => named ?? Find() ?? throw new CriaException("no model is named and none lies beside the program; name a GGUF file with -m");

    /// <summary>True when the model that ships answers because the user named none.</summary>
    public static bool Is(string path) => Path.GetFullPath(path) == Find() && (OwnFile.Current?.ModelName is not { } packed || packed.StartsWith(ShippedModel.Prefix, StringComparison.Ordinal));
}
