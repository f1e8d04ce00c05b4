using Cria.Cli.Packed;
using Cria.Tensors;

namespace Cria.Cli;

/// <summary>
/// The model that answers where none is named: the one in the packed file that was started, else the one that ships,
/// <c>models/cria-tiny*.gguf</c>, a small one that Cria trained itself. That lies beside the program or, in a checkout, in a folder above it up to the repository's root.
/// </summary>
internal static class DefaultModel
{
    private const string Prefix = "cria-tiny", Shipped = Prefix + "*.gguf", RootMark = "Cria.slnx";

    /// <summary>Its path; null when none is there.</summary>
    public static string? Find() => OwnFile.Current?.ModelPath() ?? Find(AppContext.BaseDirectory);

    /// <summary>Its path for a program in <paramref name="programFolder"/>; null when none is there.</summary>
    public static string? Find(string programFolder)
    {
        IEnumerable<string> folders = Folders(programFolder).Select(folder => Path.Combine(folder, "models")).Where(Directory.Exists);
        return folders.Select(folder => Directory.EnumerateFiles(folder, Shipped).Order(StringComparer.Ordinal).FirstOrDefault()).FirstOrDefault(found => found is not null);
    }

    /// <summary>The model the user named, else the one that ships. Throws <see cref="CriaException"/> when there is neither.</summary>
    public static string Or(string? named) => named ?? Find() ?? throw new CriaException("no model is named and none lies beside the program; name a GGUF file with -m");

    /// <summary>True when the model that ships answers because the user named none.</summary>
    public static bool Is(string path) => Path.GetFullPath(path) == Find() && (OwnFile.Current?.Model is not { } packed || packed.StartsWith(Prefix, StringComparison.Ordinal));

    private static IEnumerable<string> Folders(string programFolder)
    {
        List<string> folders = [];
        for (DirectoryInfo? folder = new(programFolder); folder is not null; folder = folder.Parent)
        {
            folders.Add(folder.FullName);
            if (File.Exists(Path.Combine(folder.FullName, RootMark))) return folders;
        }
        // Outside a checkout the folders above belong to somebody else.
        return folders.Take(1);
    }
}
