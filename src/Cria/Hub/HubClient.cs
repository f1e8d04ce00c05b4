using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Hub;

/// <summary>Hugging Face's protocol: what a repository holds, and where each file's bytes are.</summary>
internal sealed class HubClient(HubOptions options, HubTransport transport)
{
    // The largest repositories have some tens of thousands of files; a longer answer is no list.
    private const int LargestReply = 64 << 20, MostPages = 1000;

    // Far above what any model has; keeps sums of sizes inside 64 bits.
    private const long LargestFile = 1L << 46;

    /// <summary>The repository at the name's revision. Throws <see cref="CriaException"/> when it is missing, closed to this user, or what comes back makes no sense.</summary>
    public async Task<HubRepository> RepositoryAsync(HubName name, CancellationToken cancellationToken)
    {
        string api = $"api/models/{name.Repository}", revision = Uri.EscapeDataString(name.RevisionOrMain);
        (RevisionReply reply, _) = await ReadAsync(new Uri(options.Endpoint, $"{api}/revision/{revision}?blobs=true"), HubJson.Default.RevisionReply, name, cancellationToken).ConfigureAwait(false);
        if (reply.Sha is not { } commit || !IsHash(commit, 40)) throw Senseless(name);
        List<HubFile> files = [.. (reply.Siblings ?? []).Select(row => File(row?.Path, row?.Lfs?.Size ?? row?.Size, row?.Lfs, row?.BlobId)).OfType<HubFile>()];
        if (files.Count == 0 || files.Count < reply.Siblings?.Count) files = await TreeAsync(new Uri(options.Endpoint, $"{api}/tree/{commit}?recursive=true"), name, cancellationToken).ConfigureAwait(false);
        bool isGated = reply.Gated.ValueKind is JsonValueKind.String or JsonValueKind.True;
        string? license = reply.Tags?.FirstOrDefault(tag => tag?.StartsWith("license:", StringComparison.Ordinal) == true)?["license:".Length..];
        return new HubRepository(name.Repository, commit.ToLowerInvariant(), isGated, license is null ? null : ForeignText.Shown(license), files);
    }

    /// <summary>Where a file's bytes are and what they are called.</summary>
    public async Task<FileSource> FileAsync(HubName name, string commit, HubFile file, Backoff backoff, CancellationToken cancellationToken)
    {
        string path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        var address = new Uri(options.Endpoint, $"{name.Repository}/resolve/{Uri.EscapeDataString(commit)}/{path}");
        using HubReply reply = await transport.SendAsync(HttpMethod.Head, address, null, stayHome: true, backoff, cancellationToken).ConfigureAwait(false);
        HubRefusal.Check(reply, options, name, file.Path);
        string? etag = reply.Etag is { } given && IsBlobName(given) ? given : file.BlobName;
        if (etag is null) throw new CriaException($"{transport.Host} does not say which content {name.Repository}/{file.Path} has (no ETag); it is not a hub that cria can fetch from");
        if ((reply.Bytes is { } bytes && bytes != file.Bytes) || (file.Sha256 is { } sha256 && IsHash(etag, 64) && etag != sha256))
            throw new CriaException($"{transport.Host} contradicts itself about {name.Repository}/{file.Path}: its list and the file differ in size or hash; try again later");
        bool isUnnamed = file.BlobName is null;
        return new FileSource(etag, reply.Elsewhere ?? address, reply.Elsewhere is not null,
            file.Sha256 ?? (isUnnamed && IsHash(etag, 64) ? etag : null), file.GitHash ?? (isUnnamed && IsHash(etag, 40) ? etag : null));
    }

    private async Task<List<HubFile>> TreeAsync(Uri address, HubName name, CancellationToken cancellationToken)
    {
        var files = new List<HubFile>();
        Uri? page = address;
        for (int count = 0; page is not null; count++)
        {
            if (count == MostPages) throw Senseless(name);
            (List<TreeReply> rows, page) = await ReadAsync(page, HubJson.Default.ListTreeReply, name, cancellationToken).ConfigureAwait(false);
            foreach (TreeReply? row in rows)
            {
                if (row?.Type != "file") continue;
                files.Add(File(row.Path, row.Lfs?.Size ?? row.Size, row.Lfs, row.Oid) ?? throw Senseless(name));
            }
        }
        return files;
    }

    private async Task<(T Reply, Uri? Next)> ReadAsync<T>(Uri address, JsonTypeInfo<T> type, HubName name, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(options);
        while (true)
        {
            using HubReply reply = await transport.SendAsync(HttpMethod.Get, address, null, stayHome: false, backoff, cancellationToken).ConfigureAwait(false);
            HubRefusal.Check(reply, options, name);
            Exception? lost = null;
            using var bytes = new MemoryStream();
            using Stream body = await reply.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            byte[] buffer = new byte[64 << 10];
            while (await transport.ReadAsync(body, buffer, failure => lost = failure, cancellationToken).ConfigureAwait(false) is > 0 and int read)
            {
                if (bytes.Length + read > LargestReply) throw Senseless(name);
                bytes.Write(buffer, 0, read);
            }
            if (lost is not null)
            {
                await backoff.WaitAsync($"the connection to {transport.Host} breaks: {HubTransport.Reason(lost)}", "check the network", null, lost, cancellationToken).ConfigureAwait(false);
                continue;
            }
            try
            {
                return (JsonSerializer.Deserialize(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), type) ?? throw Senseless(name), NextPage(reply));
            }
            catch (JsonException)
            {
                throw Senseless(name);
            }
        }
    }

    /// <summary>The next page of a long list: <c>Link: &lt;address&gt;; rel="next"</c>.</summary>
    private static Uri? NextPage(HubReply reply)
    {
        if (!reply.Response.Headers.TryGetValues("Link", out IEnumerable<string>? links)) return null;
        foreach (string link in links.SelectMany(line => line.Split(',')))
        {
            int end = link.IndexOf('>', StringComparison.Ordinal);
            if (link.TrimStart().StartsWith('<') && end > 0 && link.Contains("rel=\"next\"", StringComparison.Ordinal)
                && Uri.TryCreate(reply.Address, link[(link.IndexOf('<', StringComparison.Ordinal) + 1)..end], out Uri? next) && next.Authority == reply.Address.Authority) return next;
        }
        return null;
    }

    /// <summary>A row of a list; null where it does not tell the size.</summary>
    private static HubFile? File(string? path, long? bytes, LargeFileReply? large, string? gitHash)
    {
        if (path is null || bytes is not (>= 0 and <= LargestFile)) return null;
        string? sha256 = (large?.Sha256 ?? large?.Oid)?.ToLowerInvariant();
        return new HubFile(path, bytes.Value, sha256 is not null && IsHash(sha256, 64) ? sha256 : null, large is null && gitHash is not null && IsHash(gitHash, 40) ? gitHash.ToLowerInvariant() : null);
    }

    private CriaException Senseless(HubName name) => new($"{transport.Host} answers something about {name.Repository} that is no list of files; check HF_ENDPOINT, or try again later");

    private static bool IsHash(string text, int digits) => text.Length == digits && text.All(char.IsAsciiHexDigit);

    private static bool IsBlobName(string text) => text.Length is >= 8 and <= 128 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
