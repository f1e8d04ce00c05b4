using Cria.Tensors;

namespace Cria.Hub;

/// <summary>What a user may write in place of a path: the name of a model that was pulled.</summary>
public static class PulledModel
{
    /// <summary>The name, where the text is one and no file or folder is called so; else null.</summary>
    public static HubName? Name(string text) => !File.Exists(text) && !Directory.Exists(text) && HubName.TryParse(text, out HubName? name) ? name : null;

    /// <summary>The path to open; null where it was not pulled. Throws <see cref="CriaException"/> when the name may mean several, or it was pulled in part.</summary>
    public static string? Find(HubName name) => new HubCache(HubOptions.FromEnvironment().CacheFolder).Find(name);

    /// <summary>Says that it was not pulled.</summary>
    public static CriaException Missing(HubName name) => new($"{name} is neither a file nor a model on this computer; fetch it with 'cria pull {name}', or check the path");
}
