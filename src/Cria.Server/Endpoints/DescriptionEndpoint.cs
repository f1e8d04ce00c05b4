using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary><c>GET /openapi.json</c>: what the server can be asked, for programs.</summary>
internal static class DescriptionEndpoint
{
    private static readonly byte[] Document = Read();

    /// <summary>Sends the description.</summary>
    public static Task ServeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = Document.Length;
        return context.Response.Body.WriteAsync(Document, context.RequestAborted).AsTask();
    }

    private static byte[] Read()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("openapi.json")!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
