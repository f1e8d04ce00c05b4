using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Requests;

/// <summary>Reads the body of a request, which must be a JSON object.</summary>
internal static class RequestBody
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 128 };

    /// <summary>The fields of the body.</summary>
    public static async Task<JsonFields> ReadAsync(HttpContext context, long mostBytes)
    {
        HttpRequest request = context.Request;
        // A page of another site can send text without asking first; JSON it cannot.
        if (!request.HasJsonContentType()) throw new ApiException(415, "the body must be JSON; send the header 'Content-Type: application/json'");
        if (request.ContentLength > mostBytes) throw TooLarge(mostBytes);
        using var bytes = new MemoryStream((int)Math.Min(request.ContentLength ?? 4096, 1 << 20));
        byte[] buffer = new byte[16 << 10];
        int count;
        while ((count = await request.Body.ReadAsync(buffer, context.RequestAborted).ConfigureAwait(false)) > 0)
        {
            if (bytes.Length + count > mostBytes) throw TooLarge(mostBytes);
            bytes.Write(buffer, 0, count);
        }
        ReadOnlyMemory<byte> body = bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        if (!Utf8.IsValid(body.Span)) throw new ApiException(400, "the body is not valid UTF-8");
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, Options);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return new JsonFields(document.RootElement.Clone());
        }
        catch (JsonException failure)
        {
            throw new ApiException(400, $"the body is not valid JSON: line {failure.LineNumber + 1}, byte {failure.BytePositionInLine + 1}", cause: failure);
        }
        throw new ApiException(400, "the body must be a JSON object");
    }

    private static ApiException TooLarge(long mostBytes) => new(413, $"the body is larger than {mostBytes} bytes, the most this server takes");
}
