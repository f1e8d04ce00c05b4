using System.IO.Enumeration;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Hub;

/// <summary>Which of a repository's models a name means.</summary>
internal static class ModelChoice
{
    private const int MostNamed = 12;

    /// <summary>Weight types in the order they are taken where the user names none: the best known compromise first, then what loses nothing of note, then ever larger or smaller ones.</summary>
    private static readonly string[] Preference =
        ["Q4_K_M", "Q8_0", "Q4_0", "Q4_K_S", "Q5_K_M", "Q5_K_S", "Q6_K", "IQ4_XS", "IQ4_NL", "Q4_1", "Q5_0", "Q5_1", "Q3_K_M", "Q3_K_L", "Q3_K_S", "BF16", "F16", "FP16", "F32", "Q2_K"];

    /// <summary>The model that the name means; null where the files hold none. Throws <see cref="CriaException"/> where that cannot be decided or it is not whole.</summary>
    /// <param name="name">The name.</param>
    /// <param name="files">The repository's files.</param>
    /// <param name="whose">Who has these files, for messages: a host, or <c>this computer</c>.</param>
    public static ModelVariant? Find(HubName name, IReadOnlyList<HubFile> files, string whose)
    {
        IReadOnlyList<ModelVariant> models = RepositoryModels.In(files);
        if (models.Count == 0) return null;
        ModelVariant? model = name.Variant is null ? Preferred(models) : Named(name, models);
        if (model is null && name.Variant is not null) return null;
        if (model is null) throw new CriaException($"{name.Repository} holds several models; name one, such as {name.Repository}:{models[0].Label} ({Listed(models)})");
        return model.MissingParts == 0 ? model
            : throw new CriaException($"{name.Repository}:{model.Label} lacks {model.MissingParts} of its parts on {whose}; {(whose == ThisComputer ? $"go on with 'cria pull {name.Repository}:{model.Label}'" : "choose another")}");
    }

    /// <summary>Says what there is instead of the model that was asked for.</summary>
    public static CriaException Missing(HubName name, IReadOnlyList<HubFile> files, string whose)
    {
        IReadOnlyList<ModelVariant> models = RepositoryModels.In(files);
        if (models.Count > 0) return new CriaException($"{name.Repository} has no model '{ForeignText.Shown(name.Variant ?? "")}' on {whose}; there are {Listed(models)}");
        bool hasPickles = files.Any(file => file.Path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase));
        return new CriaException($"{name.Repository} holds no model in a form that cria reads (GGUF, safetensors with config.json, Meta's consolidated.*.pth){(hasPickles ? "; its .bin files can run code, so look for a repository with safetensors" : "; check the name, or pick files with --include")}");
    }

    /// <summary>Names of the owner of the files on this computer.</summary>
    public const string ThisComputer = "this computer";

    /// <summary>The files whose path matches one of the patterns, in which * stands for anything, slashes too. Throws <see cref="CriaException"/> when there are none.</summary>
    public static ModelVariant Matching(HubName name, IReadOnlyList<HubFile> files, IReadOnlyList<string> patterns)
    {
        HubFile[] picked = [.. files.Where(file => patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, file.Path, ignoreCase: false)))];
        return picked.Length > 0 ? new ModelVariant(string.Join(' ', patterns), ModelForm.Picked, picked)
            : throw new CriaException($"no file of {name.Repository} matches {string.Join(" or ", patterns.Select(ForeignText.Shown))}; 'cria show {name.Repository}' lists them");
    }

    /// <summary>The model with the name's variant; null where there is none. Throws <see cref="CriaException"/> where it may be several.</summary>
    public static ModelVariant? Named(HubName name, IReadOnlyList<ModelVariant> models)
    {
        string wanted = name.Variant!;
        ModelVariant[] found = [.. models.Where(model => Is(model.Label, wanted))];
        if (found.Length == 0) found = [.. models.Where(model => model.Files.Any(file => Is(file.Path, wanted) || Is(file.Path[(file.Path.LastIndexOf('/') + 1)..], wanted) || Is(RepositoryModels.Stem(file.Path), wanted)))];
        // A file's type may stand in several names, whose labels then are the whole names.
        if (found.Length == 0) found = [.. models.Where(model => model.Form is ModelForm.Gguf or ModelForm.Llamafile && RepositoryModels.WeightType(model.Files[0].Path) is { } type && (Is(type, wanted) || Is(type, "UD-" + wanted)))];
        return found.Length <= 1 ? found.FirstOrDefault() : throw new CriaException($"{name} may be any of several; write one of {Listed(found)} after the colon");
    }

    /// <summary>The model that is meant where the name tells no variant; null where there are several and none is better known.</summary>
    public static ModelVariant? Preferred(IReadOnlyList<ModelVariant> models)
    {
        ModelVariant[] packed = [.. models.Where(model => model.Form is ModelForm.Gguf or ModelForm.Llamafile)];
        if (models.Count == 0) return null;
        if (packed.Length == 0) return models.FirstOrDefault(model => model.Form == ModelForm.Safetensors) ?? models[0];
        ModelVariant[] whole = [.. packed.Where(model => model.MissingParts == 0)];
        if (packed.Length == 1) return packed[0];
        foreach (string prefix in (string[])["", "UD-"])
        {
            foreach (string type in Preference)
            {
                if (whole.FirstOrDefault(model => Is(model.Label, prefix + type)) is { } model) return model;
            }
        }
        return null;
    }

    private static bool Is(string name, string wanted) => name.Equals(wanted, StringComparison.OrdinalIgnoreCase);

    private static string Listed(IReadOnlyList<ModelVariant> models) =>
        string.Join(", ", models.Take(MostNamed).Select(model => ForeignText.Shown(model.Label))) + (models.Count > MostNamed ? $" and {models.Count - MostNamed} more" : "");
}
