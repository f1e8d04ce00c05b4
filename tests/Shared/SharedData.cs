using System.Runtime.CompilerServices;

namespace Cria.Tests;

/// <summary>Finds the reference data that lies beside the repository, where it is present.</summary>
internal static class SharedData
{
    private static readonly string? Root = FindRoot();

    /// <summary>The path of a reference file; skips the calling test, with the reason, where it is absent.</summary>
    public static string PathOf(string relative)
    {
        string? path = Root is null ? null : Path.Combine(Root, relative);
        bool exists = path is not null && (File.Exists(path) || Directory.Exists(path));
        if (!exists && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            throw new FileNotFoundException($"reference data ../shared/{relative} must be present on CI");
        Assert.SkipUnless(exists, $"reference data ../shared/{relative} is not beside this checkout");
        return path!;
    }

    /// <summary>The model that ships with the program.</summary>
    public static string ShippedModel => Path.Combine(RepositoryRoot(), "models", "cria-tiny.gguf");

    /// <summary>Where deploy/release.sh puts its programs.</summary>
    public static string ReleaseFolder => Path.Combine(RepositoryRoot(), "artifacts", "release");

    /// <summary>A program for Windows that Wine 8 starts: it has no pages reserved for files (placeholders), into which .NET maps code that was compiled ahead of time, so this one has none. .ci/run makes it.</summary>
    public static string WineProgram => Path.Combine(RepositoryRoot(), "artifacts", "publish", "wine", "cria.exe");

    /// <summary>The repository's root folder.</summary>
    public static string RepositoryRoot([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));

    private static string? FindRoot()
    {
        string candidate = Path.GetFullPath(Path.Combine(RepositoryRoot(), "..", "shared"));
        return Directory.Exists(candidate) ? candidate : null;
    }
}
