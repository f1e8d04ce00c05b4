using Cria.Server.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cria.Server;

/// <summary>Adds a model to an ASP.NET Core application.</summary>
public static class CriaEndpoints
{
    /// <summary>
    /// Serves the model of <see cref="CriaServices.AddCria(Microsoft.Extensions.DependencyInjection.IServiceCollection, string?)"/> under OpenAI's protocol and, unless turned off, a chat page
    /// at <c>/</c>. On a group, all of it lies below the group's address.
    /// <code>
    /// var builder = WebApplication.CreateBuilder(args);
    /// builder.Services.AddCria("model.gguf");
    /// var app = builder.Build();
    /// app.MapCria();
    /// app.Run();
    /// </code>
    /// </summary>
    /// <returns>All its endpoints, for authorization, rate limits and the like.</returns>
    /// <exception cref="InvalidOperationException">The application's services have no model.</exception>
    public static IEndpointConventionBuilder MapCria(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        return Map(routes, routes.ServiceProvider.GetService<ModelHost>() ?? throw new InvalidOperationException("there is no model to serve; call builder.Services.AddCria() first, or MapCria(model)"));
    }

    /// <summary>
    /// Serves a model under OpenAI's protocol and, unless turned off, a chat page at <c>/</c>. The model stays the caller's to dispose.
    /// </summary>
    /// <returns>All its endpoints, for authorization, rate limits and the like.</returns>
    public static IEndpointConventionBuilder MapCria(this IEndpointRouteBuilder routes, LanguageModel model, CriaServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(model);
        return Map(routes, new ModelHost(model, options ?? new CriaServerOptions()));
    }

    internal static RouteGroupBuilder Map(IEndpointRouteBuilder routes, ModelHost host)
    {
        RouteGroupBuilder all = routes.MapGroup("");
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
        all.MapGet("/openapi.json", Handler.Open(host, DescriptionEndpoint.ServeAsync));
        all.MapGet("/health", Handler.Open(host, context => HealthEndpoint.ReadyAsync(context, host)));
        all.MapGet("/health/ready", Handler.Open(host, context => HealthEndpoint.ReadyAsync(context, host)));
        all.MapGet("/health/live", Handler.Open(host, HealthEndpoint.LiveAsync));
        if (host.Options.HasPage)
        {
            var page = new PageFiles();
            foreach (string path in page.Paths.Prepend("/")) all.MapMethods(path, ["GET", "HEAD"], Handler.Open(host, context => page.ServeAsync(context, path)));
        }
        return all;

        void Get(string path, Func<HttpContext, ModelHost, Task> serve) => all.MapGet(path, Handler.Keyed(host, context => serve(context, host)));
        void Post(string path, Func<HttpContext, ModelHost, Task> serve) => all.MapPost(path, Handler.Keyed(host, context => serve(context, host)));
    }
}
