using System.Diagnostics;
using Cria.Generation;
using Cria.Server.Answers;
using Cria.Server.Observation;
using Cria.Tensors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Cria.Server.Endpoints;

/// <summary>What surrounds every endpoint: keys before it, and errors in OpenAI's shape after it.</summary>
internal static class Handler
{
    private const string Leaving = "the server is shutting down; ask another one";

    /// <summary>An endpoint that asks for a key.</summary>
    public static RequestDelegate Keyed(ModelHost host, Func<HttpContext, Task> serve) => Open(host, context =>
    {
        string caller = host.Keys.Admit(context);
        // Looking costs nothing; only what the model must do is counted.
        if (HttpMethods.IsPost(context.Request.Method))
        {
            host.Rate.Admit(caller);
            if (host.IsDraining) throw new ApiException(503, Leaving) { RetryAfter = 5 };
        }
        return host.Options.LogsText ? TextLog.ServeAsync(context, serve) : serve(context);
    });

    /// <summary>An endpoint for everybody.</summary>
    public static RequestDelegate Open(ModelHost host, Func<HttpContext, Task> serve) => async context =>
    {
        long started = Stopwatch.GetTimestamp();
        host.Metrics.Begin();
        try
        {
            await serve(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
        catch (IOException) when (context.RequestAborted.IsCancellationRequested)
        {
        }
        catch (Exception failure)
        {
            ApiException error = Explain(failure, host);
            if (error.Status == StatusCodes.Status500InternalServerError) RequestLog.Failed(context, failure);
            if (!context.Response.HasStarted) await SendAsync(context, error).ConfigureAwait(false);
        }
        finally
        {
            int status = context.RequestAborted.IsCancellationRequested ? StatusCodes.Status499ClientClosedRequest : context.Response.StatusCode;
            host.Metrics.End((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "", status);
            RequestLog.Served(context, status, Stopwatch.GetElapsedTime(started));
        }
    };

    /// <summary>Sends an error.</summary>
    public static Task SendAsync(HttpContext context, ApiException error)
    {
        if (error.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (error.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        return Json.SendAsync(context, json => Json.WriteError(json, error), error.Status);
    }

    /// <summary>A failure as the client is told of it.</summary>
    public static ApiException Explain(Exception failure, ModelHost host) => failure switch
    {
        ApiException known => known,
        PromptTooLongException tooLong => new ApiException(400, tooLong.Message, code: "context_length_exceeded", cause: tooLong),
        QueueFullException full => new ApiException(429, full.Message, code: "queue_full", cause: full) { RetryAfter = 1 },
        CacheMemoryException memory => new ApiException(503, memory.Message, code: "cache_memory", cause: memory) { RetryAfter = 1 },
        CriaException or ObjectDisposedException when host.IsDraining => new ApiException(503, Leaving, cause: failure) { RetryAfter = 5 },
        CriaException => new ApiException(400, failure.Message, cause: failure),
        BadHttpRequestException bad => new ApiException(bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? "the body is larger than this server takes" : bad.Message, cause: bad),
        _ => new ApiException(500, "the server failed on this request; its log says why", cause: failure),
    };
}
