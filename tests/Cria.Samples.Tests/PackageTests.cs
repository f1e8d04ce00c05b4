using System.IO.Compression;
using System.Xml.Linq;
using Cria.Tests;

namespace Cria.Samples.Tests;

[Collection(PackagesCollection.Name)]
public class PackageTests(Packages packages)
{
    [Fact]
    public void These_are_all_the_packages_there_are() =>
        Assert.Equal(
            ["Cria.#.nupkg", "Cria.#.snupkg", "Cria.Cli.#.nupkg", "Cria.Cli.#.snupkg", "Cria.Server.#.nupkg", "Cria.Server.#.snupkg", "Cria.Tensors.#.nupkg", "Cria.Tensors.#.snupkg", "Cria.Tiny.#.nupkg", "Cria.Training.#.nupkg", "Cria.Training.#.snupkg"],
            Directory.EnumerateFiles(packages.Feed).Select(file => Path.GetFileName(file).Replace(Packages.Version, "#", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("Cria.Tensors")]
    [InlineData("Cria")]
    [InlineData("Cria.Training")]
    [InlineData("Cria.Server")]
    public void A_library_brings_documentation_symbols_readme_and_licence(string package)
    {
        using ZipArchive archive = Open(package, "nupkg");
        Assert.All([$"lib/net10.0/{package}.dll", $"lib/net10.0/{package}.xml", "README.md", "LICENSE"], name => Assert.NotNull(archive.GetEntry(name)));
        XDocument documentation = XDocument.Load(archive.GetEntry($"lib/net10.0/{package}.xml")!.Open());
        Assert.NotEmpty(documentation.Descendants("member"));
        using ZipArchive symbols = Open(package, "snupkg");
        Assert.NotNull(symbols.GetEntry($"lib/net10.0/{package}.pdb"));
        XElement metadata = Metadata(archive);
        Assert.Equal("MIT", Value(metadata, "license"));
        Assert.Equal("README.md", Value(metadata, "readme"));
        Assert.StartsWith($"# {package}", File.ReadAllText(Path.Combine(SharedData.RepositoryRoot(), "src", package, "README.md")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cria", "Cria.Tensors")]
    [InlineData("Cria.Training", "Cria")]
    [InlineData("Cria.Server", "Cria")]
    public void A_library_wants_exactly_its_own_version_of_those_whose_internals_it_sees(string package, string below)
    {
        using ZipArchive archive = Open(package, "nupkg");
        XElement dependency = Metadata(archive).Descendants().Single(element => element.Name.LocalName == "dependency" && (string?)element.Attribute("id") == below);
        Assert.Equal($"[{Packages.Version}]", (string?)dependency.Attribute("version"));
    }

    [Fact]
    public void The_licences_of_what_the_chat_page_is_made_with_come_with_it()
    {
        using ZipArchive archive = Open("Cria.Server", "nupkg");
        string vendor = Path.Combine(SharedData.RepositoryRoot(), "src", "Cria.Server", "Page", "vendor");
        Assert.All(Directory.EnumerateFiles(vendor, "LICENSE*.txt", SearchOption.AllDirectories), file =>
            Assert.NotNull(archive.GetEntry("licenses/" + Path.GetRelativePath(vendor, file).Replace('\\', '/'))));
    }

    [Fact]
    public async Task The_tool_installs_from_the_feed_and_answers_with_the_model_it_carries()
    {
        string tools = Path.Combine(packages.Scratch, "tools");
        await Command.RunAsync(packages.Samples, Command.Dotnet, "tool", "install", "Cria.Cli", "--version", Packages.Version, "--tool-path", tools, "--configfile", Path.Combine(packages.Samples, "nuget.config"));
        string cria = Path.Combine(tools, OperatingSystem.IsWindows() ? "cria.exe" : "cria");
        Assert.StartsWith($"cria {Packages.Version} ", await Command.RunAsync(tools, cria, "--version"), StringComparison.Ordinal);
        Assert.NotEmpty((await Command.RunAsync(tools, cria, "run", "Hello")).Trim());
    }

    private static XElement Metadata(ZipArchive archive) => XDocument.Load(archive.Entries.Single(entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal)).Open()).Root!.Elements().First();

    private static string? Value(XElement metadata, string name) => metadata.Elements().First(element => element.Name.LocalName == name).Value;

    private ZipArchive Open(string package, string extension) => ZipFile.OpenRead(Path.Combine(packages.Feed, $"{package}.{Packages.Version}.{extension}"));
}
