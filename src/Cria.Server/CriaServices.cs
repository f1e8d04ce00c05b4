using Cria.Server.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Cria.Server;

/// <summary>A model among an application's services.</summary>
public static class CriaServices
{
    /// <summary>The name of the health check.</summary>
    public const string HealthCheckName = "cria";

    /// <summary>Adds a model as <see cref="AddCria(IServiceCollection, Action{CriaOptions})"/> does.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="model">Its file, folder or pulled name; null is the configuration's <c>Cria:Model</c>, and where there is none the small model of the package Cria.Tiny.</param>
    public static IServiceCollection AddCria(this IServiceCollection services, string? model = null) => services.AddCria(options => options.Model = model ?? options.Model);

    /// <summary>
    /// Adds a model: <see cref="LanguageModel"/> and <see cref="IChatClient"/> as singletons (each unless the application has its own), a health check named <c>cria</c> for
    /// <c>MapHealthChecks</c>, and what <see cref="CriaEndpoints.MapCria(Microsoft.AspNetCore.Routing.IEndpointRouteBuilder)"/> needs.
    /// The model is loaded when the application starts, which fails with one line where it cannot be. When the application stops, no new requests are taken and running answers finish.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets options; it comes after the configuration's section <c>Cria</c>.</param>
    public static IServiceCollection AddCria(this IServiceCollection services, Action<CriaOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        bool isFirst = services.All(service => service.ServiceType != typeof(ModelHost));
        if (isFirst) services.AddSingleton<IConfigureOptions<CriaOptions>>(provider => new CriaConfiguration(provider.GetService<IConfiguration>()));
        services.Configure(configure);
        if (!isFirst) return services;
        services.TryAddSingleton(provider =>
        {
            CriaOptions options = Options(provider);
            return LanguageModel.Load(options.Model, options.Load);
        });
        services.TryAddSingleton<IChatClient>(provider => provider.GetRequiredService<LanguageModel>().AsIChatClient());
        services.AddSingleton(provider => new ModelHost(provider.GetRequiredService<LanguageModel>(), Options(provider).Server));
        services.AddHealthChecks().AddCheck<ModelHealth>(HealthCheckName);
        services.AddHostedService<ModelLifetime>();
        return services;
    }

    private static CriaOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<CriaOptions>>().Value;
}
