using Cria.Server.Answers;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary><c>GET /health</c>: whether requests are taken. <c>/health/live</c>: whether the process is well.</summary>
internal static class HealthEndpoint
{
    /// <summary>200 while requests are taken, 503 while the server shuts down.</summary>
    public static Task ReadyAsync(HttpContext context, ModelHost host) => SendAsync(context, host.IsDraining ? "draining" : "ok", host.IsDraining ? 503 : 200);

    /// <summary>200 as long as there is somebody to answer.</summary>
    public static Task LiveAsync(HttpContext context) => SendAsync(context, "ok", 200);

    private static Task SendAsync(HttpContext context, string state, int status) => Json.SendAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteString("status", state);
        json.WriteEndObject();
    }, status);
}
