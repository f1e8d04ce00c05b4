using Cria.Server.Endpoints;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Answers;

/// <summary>Sends answers as server-sent events.</summary>
internal static class StreamedAnswer
{
    /// <summary>Sends what <paramref name="begin"/>, <paramref name="add"/> for each part, and <paramref name="end"/> add; a failure on the way is an event too.</summary>
    public static async Task SendAsync(HttpContext context, ModelHost host, IReadOnlyList<ChoiceReader> choices,
        Action<EventStream> begin, Action<EventStream, ChoicePart> add, Action<EventStream> end)
    {
        using var stream = new EventStream(context);
        begin(stream);
        try
        {
            await Choices.ReadAsync(host, choices, part => add(stream, part), stream.FlushAsync, context.RequestAborted).ConfigureAwait(false);
            end(stream);
            stream.AddDone();
        }
        catch (Exception failure) when (context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            ApiException error = Handler.Explain(failure, host);
            stream.Add(json => Json.WriteError(json, error));
        }
        await stream.FlushAsync().ConfigureAwait(false);
    }
}
