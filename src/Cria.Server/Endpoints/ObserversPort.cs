using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary>A port for those who watch the server, who need no key and get nothing else.</summary>
/// <param name="port">The port.</param>
/// <param name="host">The model on offer.</param>
internal sealed class ObserversPort(int port, ModelHost host)
{
    /// <summary>Answers what came in by the port, and leaves the rest to <paramref name="next"/>.</summary>
    public Task ServeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Connection.LocalPort != port) return next(context);
        return context.Request.Path.Value switch
        {
            "/metrics" => MetricsEndpoint.ServeAsync(context, host),
            "/health" or "/health/ready" => HealthEndpoint.ReadyAsync(context, host),
            "/health/live" => HealthEndpoint.LiveAsync(context),
            _ => Handler.SendAsync(context, new ApiException(404, "this port has /metrics and /health only")),
        };
    }
}
