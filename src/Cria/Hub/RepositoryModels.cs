using System.Globalization;
using System.Text.RegularExpressions;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Hub;

/// <summary>Finds the models among a repository's files, whether these lie on the hub or on this computer.</summary>
internal static partial class RepositoryModels
{
    /// <summary>Label of a folder of safetensors.</summary>
    public const string SafetensorsLabel = "safetensors";

    /// <summary>Label of Meta's own files, which most repositories keep in a folder of that name.</summary>
    public const string OriginalLabel = "original";

    private static readonly string[] Settings =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "chat_template.json", "chat_template.jinja", "model.safetensors.index.json",
    ];

    /// <summary>Every model, GGUF files first, each kind by size.</summary>
    public static IReadOnlyList<ModelVariant> In(IReadOnlyList<HubFile> files)
    {
        List<ModelVariant> models = [.. Named(files, ".gguf", ModelForm.Gguf), .. Named(files, ".llamafile", ModelForm.Llamafile)];
        models.AddRange(Safetensors(files));
        models.AddRange(Meta(files));
        return models;
    }

    /// <summary>The type of weights that a file's name tells, in upper case: <c>Q4_K_M</c>; null when it tells none.</summary>
    public static string? WeightType(string path)
    {
        int slash = path.LastIndexOf('/');
        Match match = TypePattern().Matches(path[(slash + 1)..]).LastOrDefault() ?? (slash < 0 ? null : TypePattern().Matches(path[..slash]).LastOrDefault()) ?? Match.Empty;
        return match.Success ? match.Groups[1].Value.ToUpperInvariant() : null;
    }

    private static IEnumerable<ModelVariant> Named(IReadOnlyList<HubFile> files, string ending, ModelForm form)
    {
        // What sees images, and what weighs importance, are no models of their own.
        IEnumerable<IGrouping<string, HubFile>> groups = files
            .Where(file => file.Path.EndsWith(ending, StringComparison.OrdinalIgnoreCase) && !file.Path.Contains("mmproj", StringComparison.OrdinalIgnoreCase) && !file.Path.Contains("imatrix", StringComparison.OrdinalIgnoreCase))
            .GroupBy(file => GgufPartName.TryParse(file.Path, out GgufPartName part) ? $"{part.Stem}/{part.Count}" : file.Path);
        List<ModelVariant> models = [.. groups.Select(group => new ModelVariant(Stem(group.First().Path), form, [.. group.OrderBy(file => file.Path, StringComparer.Ordinal)], Missing([.. group])))];
        ILookup<string, ModelVariant> byType = models.ToLookup(model => WeightType(model.Files[0].Path) ?? model.Label);
        return models
            .Select(model => WeightType(model.Files[0].Path) is { } type && byType[type].Count() == 1 ? model with { Label = type } : model)
            .OrderBy(model => model.Bytes).ThenBy(model => model.Label, StringComparer.Ordinal);
    }

    private static IEnumerable<ModelVariant> Safetensors(IReadOnlyList<HubFile> files)
    {
        HubFile[] all = [.. files.Where(file => !file.Path.Contains('/', StringComparison.Ordinal) && file.Path.EndsWith(".safetensors", StringComparison.Ordinal))];
        // Some repositories hold the same weights twice, or an adapter beside them.
        HubFile[] weights = [.. all.Where(file => file.Path.StartsWith("model", StringComparison.Ordinal))];
        if (weights.Length == 0) weights = [.. all.Where(file => !file.Path.StartsWith("consolidated", StringComparison.Ordinal) && !file.Path.StartsWith("adapter", StringComparison.Ordinal))];
        if (weights.Length == 0 || !files.Any(file => file.Path == "config.json")) yield break;
        HubFile[] settings = [.. files.Where(file => Settings.Contains(file.Path))];
        yield return new ModelVariant(SafetensorsLabel, ModelForm.Safetensors, [.. settings, .. weights.OrderBy(file => file.Path, StringComparer.Ordinal)], Missing(weights));
    }

    private static IEnumerable<ModelVariant> Meta(IReadOnlyList<HubFile> files)
    {
        foreach (string folder in (string[])["", "original/"])
        {
            HubFile[] weights = [.. files.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal) && MetaWeights().IsMatch(file.Path[folder.Length..])).OrderBy(file => file.Path, StringComparer.Ordinal)];
            if (weights.Length == 0 || !files.Any(file => file.Path == folder + "params.json")) continue;
            HubFile[] settings = [.. files.Where(file => file.Path == folder + "params.json" || file.Path == folder + "tokenizer.model")];
            int shards = int.Parse(MetaWeights().Match(weights[^1].Path[folder.Length..]).Groups[1].ValueSpan, CultureInfo.InvariantCulture) + 1;
            yield return new ModelVariant(OriginalLabel, ModelForm.Meta, [.. settings, .. weights], Math.Max(0, shards - weights.Length));
            yield break;
        }
    }

    /// <summary>Parts that the numbers in the names promise and that are not there.</summary>
    private static int Missing(HubFile[] parts)
    {
        int promised = parts.Select(part => PartPattern().Match(part.Path)).Where(match => match.Success)
            .Select(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).DefaultIfEmpty(1).Max();
        return Math.Max(0, promised - parts.Length);
    }

    /// <summary>A file's name without folder, part number and ending.</summary>
    public static string Stem(string path)
    {
        string name = path[(path.LastIndexOf('/') + 1)..];
        return GgufPartName.TryParse(name, out GgufPartName part) ? part.Stem : Path.GetFileNameWithoutExtension(name);
    }

    [GeneratedRegex(@"(?<![A-Za-z0-9])((?:UD-)?(?:I?Q[1-8](?:_(?:[0-9]|K|NL|XXS|XS|S|M|L|XL))*|TQ[12]_0|BF16|F16|F32|FP16|MXFP4))(?![A-Za-z0-9_])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"-[0-9]{5}-of-([0-9]{5})\.[a-z]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex PartPattern();

    [GeneratedRegex(@"^consolidated\.([0-9]{2})\.pth\z", RegexOptions.CultureInvariant)]
    private static partial Regex MetaWeights();
}
