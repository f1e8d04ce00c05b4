using System.Globalization;
using Cria.Adapters;
using Cria.Packing;
using Cria.Tensors;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Cria.Server.Hosting;

/// <summary>Reads the section <c>Cria</c> of an application's configuration. What it does not know is refused by its name, so that a slip of the pen is not silence.</summary>
internal sealed class CriaConfiguration(IConfiguration? configuration) : IConfigureOptions<CriaOptions>
{
    /// <summary>Sets what the section holds. Throws <see cref="CriaException"/> when it holds something unknown or unreadable.</summary>
    public void Configure(CriaOptions options)
    {
        if (configuration?.GetSection(CriaOptions.Section) is not { } section) return;
        foreach (IConfigurationSection entry in section.GetChildren())
        {
            if (Is(entry, nameof(options.Model))) options.Model = entry.Value;
            else if (Is(entry, nameof(options.Load))) options.Load = entry.GetChildren().Aggregate(options.Load, Read);
            else if (Is(entry, nameof(options.Server))) options.Server = entry.GetChildren().Aggregate(options.Server, Read);
            else throw Unknown(entry);
        }
    }

    private static LoadOptions Read(LoadOptions load, IConfigurationSection entry)
    {
        if (Is(entry, nameof(load.Threads))) return load with { Threads = Number<int>(entry) };
        if (Is(entry, nameof(load.ContextLength))) return load with { ContextLength = Number<long>(entry) };
        if (Is(entry, nameof(load.KvTokens))) return load with { KvTokens = Number<long>(entry) };
        if (Is(entry, nameof(load.Parallel))) return load with { Parallel = Number<int>(entry) };
        if (Is(entry, nameof(load.QueueCapacity))) return load with { QueueCapacity = Number<int>(entry) };
        if (Is(entry, nameof(load.Adapters))) return load with { Adapters = [.. Texts(entry).Select(path => new AdapterFile(path))] };
        if (Is(entry, nameof(load.Cache))) return load with { Cache = Truth(entry) ? new PreparedCache() : null };
        throw Unknown(entry);
    }

    private static CriaServerOptions Read(CriaServerOptions server, IConfigurationSection entry)
    {
        if (Is(entry, nameof(server.Alias))) return server with { Alias = entry.Value };
        if (Is(entry, nameof(server.OtherNames))) return server with { OtherNames = Texts(entry) };
        if (Is(entry, nameof(server.ApiKeys))) return server with { ApiKeys = Texts(entry) };
        if (Is(entry, nameof(server.MaxChoices))) return server with { MaxChoices = Number<int>(entry) };
        if (Is(entry, nameof(server.MaxBodyBytes))) return server with { MaxBodyBytes = Number<long>(entry) };
        if (Is(entry, nameof(server.RequestsPerMinute))) return server with { RequestsPerMinute = Number<int>(entry) };
        if (Is(entry, nameof(server.PromptFolder))) return server with { PromptFolder = entry.Value };
        if (Is(entry, nameof(server.LogsText))) return server with { LogsText = Truth(entry) };
        if (Is(entry, nameof(server.HasPage))) return server with { HasPage = Truth(entry) };
        throw Unknown(entry);
    }

    private static bool Is(IConfigurationSection entry, string name) => string.Equals(entry.Key, name, StringComparison.OrdinalIgnoreCase);

    /// <summary>A list, or the one text where a list would stand, as in an environment variable.</summary>
    private static string[] Texts(IConfigurationSection entry) =>
        entry.Value is { Length: > 0 } one ? [one] : [.. entry.GetChildren().Select(item => item.Value ?? throw Wrong(item, "a text"))];

    private static T Number<T>(IConfigurationSection entry) where T : struct, ISpanParsable<T> =>
        T.TryParse(entry.Value, CultureInfo.InvariantCulture, out T number) ? number : throw Wrong(entry, "a whole number");

    private static bool Truth(IConfigurationSection entry) => bool.TryParse(entry.Value, out bool truth) ? truth : throw Wrong(entry, "true or false");

    private static CriaException Wrong(IConfigurationSection entry, string wanted) => new($"the setting {entry.Path} is '{entry.Value}', but {wanted} is wanted; correct the configuration");

    private static CriaException Unknown(IConfigurationSection entry) => new($"there is no setting {entry.Path}; correct the configuration, or set it in code with AddCria(options => ...)");
}
