using System.Net;
using Cria.Server.Endpoints;
using Cria.Server.Observation;
using Cria.Tensors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cria.Server;

/// <summary>A process's own server: Kestrel with one model.</summary>
public sealed class ServerHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ModelHost host;
    private readonly TelemetryExport? telemetry;

    private ServerHost(WebApplication app, ModelHost host)
    {
        this.app = app;
        this.host = host;
        telemetry = host.Options.Telemetry is { } collector ? new TelemetryExport(collector) : null;
    }

    /// <summary>Where it listens, such as <c>http://127.0.0.1:8000</c>.</summary>
    public string Address => app.Urls.First();

    /// <summary>Begins to serve. Throws <see cref="CriaException"/> when the address cannot be had. Port 0 takes a free one.</summary>
    public static async Task<ServerHost> StartAsync(LanguageModel model, string address, int port, CriaServerOptions? options = null, LogLevel logLevel = LogLevel.Warning, bool logsJson = false, CancellationToken cancellationToken = default)
    {
        var host = new ModelHost(model, options ?? new CriaServerOptions());
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (logsJson) builder.Logging.AddJsonConsole(console => console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ");
        else builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "yyyy-MM-dd HH:mm:ss "));
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.SetMinimumLevel(logLevel);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // Signals are the caller's; the host would end the process on its own otherwise.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = host.Options.MaxBodyBytes;
            Listen(kestrel, address, port);
            if (host.Options.MetricsPort is { } observed) Listen(kestrel, address, observed);
        });
        WebApplication app = builder.Build();
        if (host.Options.MetricsPort is { } metricsPort) app.Use(new ObserversPort(metricsPort, host).ServeAsync);
        app.UseStatusCodePages(status => Handler.SendAsync(status.HttpContext, NoRoute(status.HttpContext)));
        CriaEndpoints.Map(app, host);
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException failure)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            string ports = host.Options.MetricsPort is { } second ? $"{address}:{port} or :{second}" : $"{address}:{port}", flags = host.Options.MetricsPort is null ? "--port" : "--port or --metrics-port";
            throw new CriaException($"{ports} cannot be listened on: {failure.Message}; choose another {flags}", failure);
        }
        return new ServerHost(app, host);
    }

    /// <summary>Takes no new requests, lets running answers finish, and stops. <paramref name="hurry"/> cuts that short.</summary>
    public async Task DrainAsync(CancellationToken hurry = default)
    {
        try
        {
            await host.DrainAsync().WaitAsync(hurry).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What still runs is cut off.
        }
        await app.StopAsync(hurry).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync().ConfigureAwait(false);
        telemetry?.Dispose();
    }

    private static void Listen(KestrelServerOptions kestrel, string address, int port)
    {
        if (address == "localhost") kestrel.Listen(IPAddress.Loopback, port);
        else if (address is "*" or "+") kestrel.ListenAnyIP(port);
        else if (IPAddress.TryParse(address.Trim('[', ']'), out IPAddress? ip)) kestrel.Listen(ip, port);
        else throw new CriaException($"'{address}' is no address to listen on; give an IP address such as 127.0.0.1, or 0.0.0.0 for every network");
    }

    private static ApiException NoRoute(HttpContext context) => context.Response.StatusCode switch
    {
        404 => new ApiException(404, $"there is nothing at {context.Request.Path}; /openapi.json lists what there is"),
        405 => new ApiException(405, $"{context.Request.Path} does not take {context.Request.Method}"),
        int status => new ApiException(status, $"the request was refused with status {status}"),
    };

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
