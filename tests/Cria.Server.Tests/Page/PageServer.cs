[assembly: AssemblyFixture(typeof(Cria.Server.Tests.Page.PageServer))]

namespace Cria.Server.Tests.Page;

/// <summary>The real server on a free port, with the demonstration model of the repository.</summary>
public sealed class PageServer : IAsyncLifetime
{
    private LanguageModel? model;
    private ServerHost? host;

    /// <summary>Where the page is.</summary>
    public Uri Address => new(host!.Address);

    /// <summary>The model, for servers of a test's own.</summary>
    public LanguageModel Model => model!;

    /// <summary>The model's name.</summary>
    public string ModelName => model!.Name;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        model = LanguageModel.Load(Path.Combine(AppContext.BaseDirectory, "models", "cria-tiny.gguf"));
        host = await ServerHost.StartAsync(model, "127.0.0.1", 0);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (host is not null) await host.DisposeAsync();
        model?.Dispose();
    }
}
