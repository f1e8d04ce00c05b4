using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Cria.Server.Endpoints;

/// <summary>The files of the chat page, which the assembly holds. Nothing is loaded from elsewhere, and the page's policy says so to the browser.</summary>
internal sealed class PageFiles
{
    private const string Prefix = "page/";
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly Dictionary<string, PageFile> files = new(StringComparer.Ordinal);

    /// <summary>Reads the files.</summary>
    public PageFiles()
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            files["/" + name[Prefix.Length..]] = new PageFile(bytes, $"\"{Convert.ToHexString(SHA256.HashData(bytes).AsSpan(0, 8))}\"", ContentType(name));
        }
    }

    /// <summary>The addresses of the files.</summary>
    public IEnumerable<string> Paths => files.Keys;

    /// <summary>Sends the file of an address; <c>/</c> is the page itself.</summary>
    public Task ServeAsync(HttpContext context, string path)
    {
        if (path == "/" && context.Request.Path.Value is { Length: > 0 } asked && !asked.EndsWith('/'))
        {
            // In a group's address the page's own ones, which are relative, need the slash.
            context.Response.Redirect(context.Request.PathBase + context.Request.Path + "/");
            return Task.CompletedTask;
        }
        PageFile file = files[path == "/" ? "/index.html" : path];
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-cache";
        headers.ETag = file.Tag;
        if (context.Request.Headers.IfNoneMatch == file.Tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = file.Bytes.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(file.Bytes, context.RequestAborted).AsTask();
    }

    private static string ContentType(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" or ".mjs" => "text/javascript; charset=utf-8",
        ".json" or ".webmanifest" => "application/json; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".ico" => "image/x-icon",
        ".woff2" => "font/woff2",
        _ => "text/plain; charset=utf-8",
    };

    private sealed record PageFile(byte[] Bytes, string Tag, string ContentType);
}
