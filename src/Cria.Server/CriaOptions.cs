namespace Cria.Server;

/// <summary>
/// The model of an application and how it is served. Code sets it in <see cref="CriaServices.AddCria(Microsoft.Extensions.DependencyInjection.IServiceCollection, Action{CriaOptions})"/>; before
/// that, it is read from the configuration's section <c>Cria</c>:
/// <code>
/// "Cria": {
///   "Model": "Llama-3.2-1B-Instruct-Q4_0.gguf",
///   "Load": { "ContextLength": 8192, "Parallel": 32, "Adapters": ["style"] },
///   "Server": { "Alias": "llama", "ApiKeys": ["secret"], "HasPage": false }
/// }
/// </code>
/// </summary>
public sealed class CriaOptions
{
    /// <summary>The configuration's section.</summary>
    public const string Section = "Cria";

    /// <summary>The model's file, folder or pulled name; null is the small model of the package Cria.Tiny.</summary>
    public string? Model { get; set; }

    /// <summary>How it is loaded.</summary>
    public LoadOptions Load { get; set; } = new();

    /// <summary>How it is served by <see cref="CriaEndpoints.MapCria(Microsoft.AspNetCore.Routing.IEndpointRouteBuilder)"/>.</summary>
    public CriaServerOptions Server { get; set; } = new();
}
