namespace Cria.Benchmarks.Tokenization;

/// <summary>Finds the reference data that lies beside the repository.</summary>
internal static class ReferenceFile
{
    /// <summary>The path of a file in <c>../shared</c>, looked for beside each folder above the program.</summary>
    public static string PathOf(string relative)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, "shared", relative);
            if (File.Exists(path))
                return path;
        }
        throw new FileNotFoundException($"reference file ../shared/{relative} is not beside this checkout");
    }
}
