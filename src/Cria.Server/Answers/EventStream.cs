using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Answers;

/// <summary>A response of server-sent events, each one JSON value. The buffer and the writer serve all of them.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly HttpContext context;
    private readonly ArrayBufferWriter<byte> events = new(1024);
    private readonly Utf8JsonWriter json;

    /// <summary>Begins a response.</summary>
    public EventStream(HttpContext context)
    {
        this.context = context;
        json = new Utf8JsonWriter(events, Json.Options);
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        // nginx would hold pieces back otherwise.
        context.Response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>Adds an event, which <see cref="FlushAsync"/> sends.</summary>
    public void Add(Action<Utf8JsonWriter> write)
    {
        events.Write("data: "u8);
        json.Reset();
        write(json);
        json.Flush();
        events.Write("\n\n"u8);
    }

    /// <summary>Adds the event that ends the stream.</summary>
    public void AddDone() => events.Write("data: [DONE]\n\n"u8);

    /// <summary>Sends what was added.</summary>
    public async ValueTask FlushAsync()
    {
        if (events.WrittenCount == 0) return;
        await context.Response.Body.WriteAsync(events.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        events.ResetWrittenCount();
    }

    /// <inheritdoc/>
    public void Dispose() => json.Dispose();
}
