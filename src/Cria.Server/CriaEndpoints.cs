using Cria.Server.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Cria.Server;

/// <summary>Adds a model to an ASP.NET Core application.</summary>
public static class CriaEndpoints
{
    /// <summary>
    /// Serves a model under OpenAI's protocol and, unless turned off, a chat page at <c>/</c>. The model stays the caller's to dispose.
    /// <code>
    /// using var model = LanguageModel.Load("model.gguf");
    /// var app = WebApplication.CreateSlimBuilder(args).Build();
    /// app.MapCria(model);
    /// app.Run();
    /// </code>
    /// </summary>
    public static void MapCria(this IEndpointRouteBuilder routes, LanguageModel model, CriaServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(model);
        Map(routes, new ModelHost(model, options ?? new CriaServerOptions()));
    }

    internal static void Map(IEndpointRouteBuilder routes, ModelHost host)
    {
        Post("/v1/chat/completions", ChatEndpoint.ServeAsync);
        Post("/v1/completions", CompletionEndpoint.ServeAsync);
        Post("/v1/embeddings", EmbeddingsEndpoint.ServeAsync);
        foreach (string prefix in (string[])["/v1", ""])
        {
            // With and without, for other servers have them either way.
            Post(prefix + "/tokenize", TokenEndpoints.TokenizeAsync);
            Post(prefix + "/detokenize", TokenEndpoints.DetokenizeAsync);
        }
        Post("/apply-template", TokenEndpoints.ApplyTemplateAsync);
        Post("/slots/{id}", SlotsEndpoint.ServeAsync);
        Get("/metrics", MetricsEndpoint.ServeAsync);
        Get("/v1/models", ModelsEndpoint.ListAsync);
        Get("/v1/models/{**name}", ModelsEndpoint.OneAsync);
        Get("/props", ModelsEndpoint.PropertiesAsync);
        routes.MapGet("/openapi.json", Handler.Open(host, DescriptionEndpoint.ServeAsync));
        routes.MapGet("/health", Handler.Open(host, context => HealthEndpoint.ReadyAsync(context, host)));
        routes.MapGet("/health/ready", Handler.Open(host, context => HealthEndpoint.ReadyAsync(context, host)));
        routes.MapGet("/health/live", Handler.Open(host, HealthEndpoint.LiveAsync));
        if (host.Options.HasPage)
        {
            var page = new PageFiles();
            foreach (string path in page.Paths.Prepend("/")) routes.MapMethods(path, ["GET", "HEAD"], Handler.Open(host, page.ServeAsync));
        }

        void Get(string path, Func<HttpContext, ModelHost, Task> serve) => routes.MapGet(path, Handler.Keyed(host, context => serve(context, host)));
        void Post(string path, Func<HttpContext, ModelHost, Task> serve) => routes.MapPost(path, Handler.Keyed(host, context => serve(context, host)));
    }
}
