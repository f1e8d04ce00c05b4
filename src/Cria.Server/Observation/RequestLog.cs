using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cria.Server.Observation;

/// <summary>The log of requests: what was asked for and how it ended, and what was said only where that was asked for.</summary>
internal static partial class RequestLog
{
    /// <summary>A request has ended.</summary>
    public static void Served(HttpContext context, int status, TimeSpan duration)
    {
        if (LogOf(context) is { } log) Served(log, context.Request.Method, context.Request.Path, status, Math.Round(duration.TotalMilliseconds, 1));
    }

    /// <summary>A request failed, and the server is to blame.</summary>
    public static void Failed(HttpContext context, Exception failure)
    {
        if (LogOf(context) is { } log) Failed(log, context.Request.Method, context.Request.Path, failure);
    }

    /// <summary>What was said, where the log shall hold it.</summary>
    public static void Said(HttpContext context, string asked, string answered)
    {
        if (LogOf(context) is { } log) Said(log, context.Request.Method, context.Request.Path, asked, answered);
    }

    private static ILogger? LogOf(HttpContext context) => context.RequestServices.GetService<ILoggerFactory>()?.CreateLogger("Cria.Server");

    [LoggerMessage(1, LogLevel.Information, "{Method} {Path} {Status} {DurationMs} ms")]
    private static partial void Served(ILogger log, string method, string? path, int status, double durationMs);

    [LoggerMessage(3, LogLevel.Information, "{Method} {Path} asked: {Asked} answered: {Answered}")]
    private static partial void Said(ILogger log, string method, string? path, string asked, string answered);

    [LoggerMessage(2, LogLevel.Error, "{Method} {Path} failed")]
    private static partial void Failed(ILogger log, string method, string? path, Exception failure);
}
