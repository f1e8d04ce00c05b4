using System.Reflection;
using Cria.Tests;

namespace Cria.Samples.Tests;

/// <summary>
/// The packages, and the samples built with them: once for all tests, in a folder that looks like a checkout. NuGet unpacks into that folder too, so no older package of the same
/// version can be taken; what is not Cria's own comes from the folder where this build's packages lie, not from the network.
/// </summary>
public sealed class Packages : IAsyncLifetime
{
    private static readonly string[] BuildFiles = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", ".editorconfig"];
    private readonly string folder = Directory.CreateTempSubdirectory("cria-samples-").FullName;

    /// <summary>Where the packages lie.</summary>
    public string Feed => Path.Combine(folder, "artifacts", "packages");

    /// <summary>The samples.</summary>
    public string Samples => Path.Combine(folder, "samples");

    /// <summary>A folder for tests to write in.</summary>
    public string Scratch => Directory.CreateDirectory(Path.Combine(folder, "scratch")).FullName;

    /// <summary>The packages' version.</summary>
    public static string Version => Fact("Version");

    /// <summary>The program of a sample.</summary>
    public string Program(string sample) => Path.Combine(Samples, sample, "bin", "Debug", "net10.0", sample + ".dll");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string root = SharedData.RepositoryRoot();
        foreach (string file in BuildFiles) File.Copy(Path.Combine(root, file), Path.Combine(folder, file));
        Copy(new DirectoryInfo(Path.Combine(root, "samples")), Samples);
        string config = Path.Combine(Samples, "nuget.config");
        string text = File.ReadAllText(config), offline = text.Replace("https://api.nuget.org/v3/index.json", Fact("PackageFolder"), StringComparison.Ordinal);
        Assert.NotEqual(text, offline);
        File.WriteAllText(config, offline);
        Directory.CreateDirectory(Feed);
        await Command.RunAsync(root, Command.Dotnet, "pack", "Cria.slnx", "--no-build", "--nologo", "-v", "q", "-c", Fact("Configuration"), $"-p:PackageOutputPath={Feed}{Path.DirectorySeparatorChar}");
        await Command.RunAsync(Samples, Command.Dotnet, "build", "Samples.slnx", "--nologo", "-v", "q", "-c", "Debug");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static string Fact(string name) => typeof(Packages).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(fact => fact.Key == name).Value!;

    private static void Copy(DirectoryInfo from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (FileInfo file in from.EnumerateFiles()) file.CopyTo(Path.Combine(to, file.Name));
        foreach (DirectoryInfo inner in from.EnumerateDirectories().Where(inner => inner.Name is not ("bin" or "obj"))) Copy(inner, Path.Combine(to, inner.Name));
    }
}

/// <summary>The tests that share the packages.</summary>
[CollectionDefinition(Name)]
public sealed class PackagesCollection : ICollectionFixture<Packages>
{
    /// <summary>Its name.</summary>
    public const string Name = "packages";
}
