using System.Text.RegularExpressions;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Hub;

/// <summary>
/// A model's name on the hub: <c>ORG/NAME</c>, then <c>:VARIANT</c> where a repository holds several models (<c>:Q4_K_M</c>, a file's name, <c>:original</c>),
/// then <c>@REVISION</c> (a branch, tag or commit).
/// </summary>
/// <param name="Repository">Organization and name: <c>meta-llama/Meta-Llama-3-8B-Instruct</c>.</param>
/// <param name="Variant">Which of the repository's models; null leaves the choice open.</param>
/// <param name="Revision">Branch, tag or commit; null is <see cref="MainRevision"/>.</param>
public sealed partial record HubName(string Repository, string? Variant = null, string? Revision = null)
{
    /// <summary>The branch that is meant where none is named.</summary>
    public const string MainRevision = "main";

    private const int LongestPart = 96;
    private static readonly string[] Hosts = ["https://huggingface.co/", "http://huggingface.co/", "https://hf.co/", "huggingface.co/", "hf.co/", "hf://"];
    private static readonly string[] FileEndings = [".gguf", ".safetensors", ".pth", ".pt", ".bin", ".json", ".llamafile", ".zip", ".model"];

    /// <summary>Branch, tag or commit, spelled out.</summary>
    public string RevisionOrMain => Revision ?? MainRevision;

    /// <summary>Takes a name apart; false for anything that is not one. An address of huggingface.co counts as its name. Says nothing about whether such a model exists.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out HubName? name)
    {
        name = null;
        string? host = Hosts.FirstOrDefault(host => text.StartsWith(host, StringComparison.OrdinalIgnoreCase));
        Match match = Pattern().Match(host is null ? text : text[host.Length..].TrimEnd('/'));
        if (!match.Success) return false;
        string organization = match.Groups["org"].Value, model = match.Groups["name"].Value;
        if (organization.Length > LongestPart || model.Length > LongestPart) return false;
        string repository = $"{organization}/{model}";
        // The hub forbids these, and the cache's folder names rely on it.
        if (repository.Contains("--", StringComparison.Ordinal) || repository.Contains("..", StringComparison.Ordinal) || repository.EndsWith('.')) return false;
        // "models/llama.gguf" is a path, whether or not a file is there.
        if (host is null && FileEndings.Any(ending => model.EndsWith(ending, StringComparison.OrdinalIgnoreCase))) return false;
        string revision = match.Groups["revision"].Value;
        if (revision.Length > 0 && !IsRevision(revision)) return false;
        name = new HubName(repository, Filled(match.Groups["variant"].Value), Filled(revision));
        return true;
    }

    /// <summary>Takes a name apart. Throws <see cref="CriaException"/> for anything that is not one.</summary>
    public static HubName Parse(string text) => TryParse(text, out HubName? name) ? name
        : throw new CriaException($"'{ForeignText.Shown(text)}' is no name of a model on the hub; write ORG/NAME or ORG/NAME:QUANT, such as meta-llama/Meta-Llama-3-8B-Instruct");

    /// <summary>True for what can name a branch, tag or commit and stay inside a folder of that name.</summary>
    public static bool IsRevision(string text) => text.Length is > 0 and <= 200 && RevisionPattern().IsMatch(text) && text.Split('/').All(part => part.Length > 0 && part.Trim('.').Length > 0);

    /// <summary>The name as a user writes it.</summary>
    public override string ToString() => $"{Repository}{(Variant is null ? "" : $":{Variant}")}{(Revision is null ? "" : $"@{Revision}")}";

    private static string? Filled(string text) => text.Length == 0 ? null : text;

    [GeneratedRegex(@"^(?<org>[A-Za-z0-9][\w.-]*)/(?<name>[A-Za-z0-9_][\w.-]*)(?::(?<variant>[\w.+/-]+))?(?:@(?<revision>[\w./+-]+))?\z", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex Pattern();

    [GeneratedRegex(@"^[\w][\w./+-]*\z", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex RevisionPattern();
}
