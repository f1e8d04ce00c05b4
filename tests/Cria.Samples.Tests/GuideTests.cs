using Cria.Tests;

namespace Cria.Samples.Tests;

/// <summary>The code that guides show is the samples' own: each block names its file and stands in it, line for line.</summary>
public class GuideTests
{
    private static readonly string Root = SharedData.RepositoryRoot();

    /// <summary>The guides and the packages' front pages.</summary>
    public static TheoryData<string> Pages { get; } = [.. new[] { "docs", "src", "samples" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.md", SearchOption.AllDirectories))
        .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/vendor/", StringComparison.Ordinal))
        .Append("README.md")];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Code_in_a_page_is_cut_from_a_sample(string page)
    {
        foreach ((string header, string[] code) in Blocks(File.ReadAllLines(Path.Combine(Root, page))))
        {
            string[] words = header.Split(' ');
            // What it shows is OpenAI's client, which is nobody's sample.
            if (words.Length == 1 && (words[0] != "csharp" || page is "docs/serving.md")) continue;
            Assert.True(words.Length == 2, $"{page}: the block '{code.FirstOrDefault()}' names no file of a sample");
            string[] sample = File.ReadAllLines(Path.Combine(Root, words[1]));
            Assert.True(Enumerable.Range(0, sample.Length).Any(start => IsAt(code, sample, start)), $"{page}: {words[1]} does not have these lines:\n{string.Join('\n', code)}");
        }
    }

    [Theory]
    [InlineData("TextGeneration", "text-generation.md")]
    [InlineData("Tools", "tools.md")]
    [InlineData("WebApp", "web-applications.md")]
    [InlineData("FineTune", "fine-tuning.md")]
    public void Every_sample_has_a_guide(string sample, string guide) =>
        Assert.Contains(Blocks(File.ReadAllLines(Path.Combine(Root, "docs", guide))), block => block.Header.Contains($"samples/{sample}/", StringComparison.Ordinal));

    /// <summary>True where the code stands at a line, indented as it may be.</summary>
    private static bool IsAt(string[] code, string[] sample, int start)
    {
        if (code.Length == 0 || start + code.Length > sample.Length) return false;
        string indent = sample[start][..(sample[start].Length - sample[start].TrimStart().Length)];
        for (int i = 0; i < code.Length; i++)
            if ((code[i].Length == 0 ? "" : indent + code[i]) != sample[start + i]) return false;
        return true;
    }

    private static IEnumerable<(string Header, string[] Code)> Blocks(string[] lines)
    {
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal)) continue;
            int end = Array.FindIndex(lines, i + 1, line => line == "```");
            Assert.True(end > i, $"the block '{lines[i]}' has no end");
            yield return (lines[i][3..].Trim(), lines[(i + 1)..end]);
            i = end;
        }
    }
}
