using Cria.Tensors;

namespace Cria.Cli;

/// <summary>The small model that ships with the program: <c>models/cria-tiny*.gguf</c> beside it or, in a checkout, at the root.</summary>
internal static class DefaultModel
{
    /// <summary>Its path; null when none is there.</summary>
    public static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string models = Path.Combine(folder.FullName, "models");
            if (!Directory.Exists(models)) continue;
            string? found = Directory.EnumerateFiles(models, "cria-tiny*.gguf").Order(StringComparer.Ordinal).FirstOrDefault();
            if (found is not null) return found;
        }
        return null;
    }

    /// <summary>The model the user named, else the one that ships. Throws <see cref="CriaException"/> when there is neither.</summary>
    public static string Or(string? named) => named ?? Find() ?? throw new CriaException("no model is named and none lies beside the program; name a GGUF file with -m");
}
