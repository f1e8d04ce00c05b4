using System.Text.RegularExpressions;

namespace Cria.Tests;

/// <summary>The directions that ARCHITECTURE.md states, held against the code.</summary>
public partial class ArchitectureTests
{
    [Theory]
    [InlineData("src/Cria.Tensors/Memory", "Cria.Tensors.Threading,Cria.Tensors.Quantization,Cria.Tensors.Formats,Cria.Tensors.Kernels,Cria.Tensors.Backends")]
    [InlineData("src/Cria.Tensors/Threading", "Cria.Tensors.Quantization,Cria.Tensors.Formats,Cria.Tensors.Kernels,Cria.Tensors.Backends")]
    [InlineData("src/Cria.Tensors/Quantization", "Cria.Tensors.Formats,Cria.Tensors.Kernels,Cria.Tensors.Backends")]
    [InlineData("src/Cria.Tensors/Formats", "Cria.Tensors.Kernels,Cria.Tensors.Backends")]
    [InlineData("src/Cria.Tensors/Kernels", "Cria.Tensors.Formats")]
    [InlineData("src/Cria.Tensors", "Cria.Models,Cria.Generation,Cria.Tokenization,Cria.Chat,Cria.Packing,Cria.Cli")]
    [InlineData("src/Cria/Tokenization", "Cria.Models,Cria.Generation,Cria.Chat,Cria.Packing,Cria.Evaluation")]
    [InlineData("src/Cria/Models", "Cria.Tokenization,Cria.Generation,Cria.Chat,Cria.Packing,Cria.Evaluation")]
    [InlineData("src/Cria/Adapters", "Cria.Models,Cria.Generation,Cria.Packing,Cria.Evaluation,Cria.Tokenization,Cria.Chat,Cria.Corpora")]
    [InlineData("src/Cria/Corpora", "Cria.Models,Cria.Generation,Cria.Packing,Cria.Evaluation,Cria.Tokenization")]
    [InlineData("src/Cria/Generation", "Cria.Chat,Cria.Packing,Cria.Evaluation")]
    [InlineData("src/Cria/Evaluation", "Cria.Extension")]
    [InlineData("src/Cria/Packing", "Cria.Extension,Cria.Evaluation")]
    [InlineData("src/Cria/Hub", "Cria.Models,Cria.Tokenization,Cria.Generation,Cria.Chat,Cria.Packing,Cria.Evaluation")]
    [InlineData("src/Cria.Training", "Cria.Cli,System.CommandLine,Spectre.Console")]
    [InlineData("src/Cria.Training/Data", "Cria.Training.Checkpoints,Cria.Training.Reports,Cria.Tensors.Backends")]
    [InlineData("src/Cria.Server", "Cria.Cli,Cria.Training,System.CommandLine,Spectre.Console,Cria.Models,Cria.Tensors.Kernels,Cria.Tensors.Backends")]
    [InlineData("src/Cria.Server/Requests", "Cria.Server.Endpoints,Cria.Server.Answers")]
    [InlineData("src/Cria", "Cria.Server,Cria.Training,Cria.Cli,System.CommandLine,Spectre.Console")]
    public void Folders_use_only_what_lies_below_them(string folder, string forbidden)
    {
        string root = Path.Combine(SharedData.RepositoryRoot(), folder);
        string[] names = forbidden.Split(',');
        var wrong = new List<string>();
        foreach (string file in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            if (file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)) continue;
            foreach (Match match in Using().Matches(File.ReadAllText(file)))
            {
                string used = match.Groups[1].Value;
                if (names.Any(name => used == name || used.StartsWith(name + ".", StringComparison.Ordinal))) wrong.Add($"{Path.GetRelativePath(root, file)} uses {used}");
            }
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void Only_the_tensors_project_has_unsafe_code()
    {
        string[] projects = [.. Directory.EnumerateFiles(Path.Combine(SharedData.RepositoryRoot(), "src"), "*.csproj", SearchOption.AllDirectories)];
        Assert.NotEmpty(projects);
        foreach (string project in projects)
            Assert.Equal(Path.GetFileName(project) == "Cria.Tensors.csproj", File.ReadAllText(project).Contains("<AllowUnsafeBlocks>true", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^using (?:static )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();
}
