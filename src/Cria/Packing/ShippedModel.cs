using Cria.Tensors;

namespace Cria.Packing;

/// <summary>
/// The model that answers where none is named: <c>models/cria-tiny*.gguf</c> beside the program, a small one that Cria trained itself. The package Cria.Tiny brings it there;
/// in Cria's own checkout it lies in a folder above, up to the repository's root.
/// </summary>
public static class ShippedModel
{
    /// <summary>How its file's name begins.</summary>
    public const string Prefix = "cria-tiny";

    private const string Names = Prefix + "*.gguf", RootMark = "Cria.slnx";

    /// <summary>Its path; null when none is there.</summary>
    public static string? Find() => Find(AppContext.BaseDirectory);

    /// <summary>Its path for a program in <paramref name="programFolder"/>; null when none is there.</summary>
    public static string? Find(string programFolder)
    {
        IEnumerable<string> folders = Folders(programFolder).Select(folder => Path.Combine(folder, "models")).Where(Directory.Exists);
        return folders.Select(folder => Directory.EnumerateFiles(folder, Names).Order(StringComparer.Ordinal).FirstOrDefault()).FirstOrDefault(found => found is not null);
    }

    /// <summary>The model that was named, else this one. Throws <see cref="CriaException"/> when there is neither.</summary>
    internal static string Or(string? named) =>
        named ?? Find() ?? throw new CriaException("no model is named, and the small one of the package Cria.Tiny is not beside this program; name a model file, or add that package");

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
