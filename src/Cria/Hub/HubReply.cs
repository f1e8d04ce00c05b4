using System.Net;

namespace Cria.Hub;

/// <summary>An answer of the hub or of a server it sent us to.</summary>
internal sealed class HubReply(HttpResponseMessage response, Uri address, Uri? elsewhere, IReadOnlyDictionary<string, string> linked) : IDisposable
{
    /// <summary>What came back; its body is not read yet.</summary>
    public HttpResponseMessage Response => response;

    /// <summary>Who answered, after redirections.</summary>
    public Uri Address => address;

    /// <summary>Where a redirection points that was not followed; null when there is none.</summary>
    public Uri? Elsewhere => elsewhere;

    /// <summary>The answer's code.</summary>
    public HttpStatusCode Status => response.StatusCode;

    /// <summary>Commit of the revision asked for; null where the server does not tell.</summary>
    public string? Commit => linked.GetValueOrDefault(HubTransport.CommitHeader);

    /// <summary>The content's name, without quotes and the mark of weakness; null where the server does not tell.</summary>
    public string? Etag => Unquoted(linked.GetValueOrDefault(HubTransport.EtagHeader) ?? OwnEtag);

    /// <summary>The ETag of the server that answered.</summary>
    public string? OwnEtag => response.Headers.TryGetValues("ETag", out IEnumerable<string>? values) ? values.First() : null;

    /// <summary>The content's size in bytes; null where the server does not tell.</summary>
    public long? Bytes => linked.TryGetValue(HubTransport.SizeHeader, out string? text) ? long.TryParse(text, out long size) ? size : null
        : elsewhere is null ? response.Content.Headers.ContentLength : null;

    /// <inheritdoc/>
    public void Dispose() => response.Dispose();

    private static string? Unquoted(string? etag)
    {
        if (etag is null) return null;
        ReadOnlySpan<char> text = etag.AsSpan().Trim();
        if (text.StartsWith("W/", StringComparison.Ordinal)) text = text[2..];
        return text.Trim('"').ToString();
    }
}
