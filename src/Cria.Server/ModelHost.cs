using Cria.Chat;
using Cria.Server.Access;
using Cria.Server.Observation;
using Cria.Server.Requests;

namespace Cria.Server;

/// <summary>A model on offer: the model itself, its names, and what all requests share.</summary>
internal sealed class ModelHost
{
    private readonly HashSet<string> names;

    /// <summary>Offers a model, which stays the caller's to dispose.</summary>
    public ModelHost(LanguageModel model, CriaServerOptions options)
    {
        Model = model;
        Options = options;
        Grammars = new AnswerGrammars(model.Tokenizer);
        Keys = new ApiKeys(options.ApiKeys);
        Rate = new RequestRate(options.RequestsPerMinute);
        Name = options.Alias ?? model.Name;
        names = new(StringComparer.OrdinalIgnoreCase) { Name, model.Name, Path.GetFileName(model.Path), Path.GetFileNameWithoutExtension(model.Path), "default" };
        names.UnionWith(options.OtherNames);
    }

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <summary>How it is served.</summary>
    public CriaServerOptions Options { get; }

    /// <summary>The name that clients see.</summary>
    public string Name { get; }

    /// <summary>Grammars in use.</summary>
    public AnswerGrammars Grammars { get; }

    /// <summary>Who may ask.</summary>
    public ApiKeys Keys { get; }

    /// <summary>How often each may ask.</summary>
    public RequestRate Rate { get; }

    /// <summary>What has been done.</summary>
    public ServerMetrics Metrics { get; } = new();

    /// <summary>The prompt answered last; null before the first.</summary>
    public int[]? LastPrompt { get; set; }

    /// <summary>When the server began, in seconds since 1970.</summary>
    public long Since { get; } = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>True once no new requests are taken.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>True for the names by which the model may be asked for.</summary>
    public bool IsNamed(string name) => names.Contains(name);

    /// <summary>The adapter that a request asks for as its model; null where it asks for the model itself, or says nothing. Throws where it names another model.</summary>
    public string? AdapterOf(JsonFields fields)
    {
        if (fields.Text("model") is not { Length: > 0 } asked || IsNamed(asked)) return null;
        return Model.AdapterNames.Contains(asked) ? asked : throw NoSuchModel(asked);
    }

    /// <summary>The error of a name that no model here has.</summary>
    public ApiException NoSuchModel(string name) => new(404, $"there is no model '{name}' here; this server has {string.Join(", ", Model.AdapterNames.Prepend(Name).Select(known => $"'{known}'"))}", "model", "model_not_found");

    /// <summary>Takes no new requests and waits until those in hand are done.</summary>
    public Task DrainAsync()
    {
        IsDraining = true;
        return Model.Engine.DrainAsync();
    }
}
