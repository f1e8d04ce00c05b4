using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Cria.Tests.Hub;

/// <summary>A request as a server of the test hub saw it.</summary>
internal sealed record SeenRequest(string Method, string Path, bool IsElsewhere, string? Authorization, string? Range);

/// <summary>
/// Hugging Face's hub in small, on two real servers of this machine: one speaks the API and sends on to the other, which holds the large files.
/// </summary>
internal sealed class TestHub : IAsyncDisposable
{
    private readonly WebApplication hub, elsewhere;
    private readonly Dictionary<string, TestRepository> repositories = [];

    private TestHub(WebApplication hub, WebApplication elsewhere) => (this.hub, this.elsewhere) = (hub, elsewhere);

    /// <summary>The hub's address.</summary>
    public string Endpoint => hub.Urls.First();

    /// <summary>Every request so far.</summary>
    public ConcurrentQueue<SeenRequest> Seen { get; } = [];

    /// <summary>Called before a request of the hub is served; true when it has been answered.</summary>
    public Func<HttpContext, Task<bool>>? AtHub { get; set; }

    /// <summary>Called before a request of the second host is served; true when it has been answered.</summary>
    public Func<HttpContext, Task<bool>>? AtElsewhere { get; set; }

    /// <summary>Leaves sizes out of the first list, as servers do that do not know the question.</summary>
    public bool HidesSizes { get; set; }

    /// <summary>Starts both servers on free ports.</summary>
    public static async Task<TestHub> StartAsync(params TestRepository[] repositories)
    {
        WebApplication hub = Build(), elsewhere = Build();
        var test = new TestHub(hub, elsewhere);
        foreach (TestRepository repository in repositories) test.repositories[repository.Name] = repository;
        hub.Run(test.AnswerAsync);
        elsewhere.Run(test.AnswerElsewhereAsync);
        await hub.StartAsync();
        await elsewhere.StartAsync();
        return test;
    }

    /// <summary>The answer with a refusal as the hub writes it.</summary>
    public static Task Refuse(HttpContext context, int status, string? code, string? message = null)
    {
        context.Response.StatusCode = status;
        if (code is not null) context.Response.Headers["X-Error-Code"] = code;
        if (message is not null) context.Response.Headers["X-Error-Message"] = message;
        return Task.CompletedTask;
    }

    /// <summary>The first and the one after the last byte that a request asks for.</summary>
    public static (long From, long To) Range(HttpContext context)
    {
        RangeItemHeaderValue? range = RangeHeaderValue.TryParse(context.Request.Headers.Range.ToString(), out RangeHeaderValue? parsed) ? parsed.Ranges.First() : null;
        return (range?.From ?? 0, range?.To + 1 ?? long.MaxValue);
    }

    /// <summary>Answers properly up to a byte of the answer's body, then breaks the connection.</summary>
    public static async Task CutAsync(HttpContext context, byte[] content, int after, bool ranges = true)
    {
        (long from, long to) = ranges ? Range(context) : (0, content.Length);
        to = Math.Min(to, content.Length);
        context.Response.StatusCode = ranges ? 206 : 200;
        context.Response.ContentLength = to - from;
        if (ranges) context.Response.Headers.ContentRange = FormattableString.Invariant($"bytes {from}-{to - 1}/{content.Length}");
        await context.Response.Body.WriteAsync(content.AsMemory((int)from, (int)Math.Min(after, to - from)));
        await context.Response.Body.FlushAsync();
        if (after < to - from) context.Abort();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await hub.DisposeAsync();
        await elsewhere.DisposeAsync();
    }

    private static WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder.Build();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Note(context, isElsewhere: false);
        if (AtHub is { } before && await before(context)) return;
        string[] path = (context.Request.Path.Value ?? "").Trim('/').Split('/');
        bool isApi = path is ["api", "models", _, _, ..];
        string name = isApi ? $"{path[2]}/{path[3]}" : path.Length > 2 ? $"{path[0]}/{path[1]}" : "";
        if (!repositories.TryGetValue(name, out TestRepository? repository))
        {
            // The hub does not tell strangers whether a repository is missing or private.
            await Refuse(context, context.Request.Headers.Authorization.Count > 0 ? 404 : 401, "RepoNotFound", "Repository not found");
            return;
        }
        string revision = Uri.UnescapeDataString(isApi ? path[5] : path[3]);
        if (revision != "main" && revision != repository.Commit)
        {
            await Refuse(context, 404, "RevisionNotFound", $"Invalid rev id: {revision}");
            return;
        }
        if (isApi) await ListAsync(context, repository, path[4]);
        else await ResolveAsync(context, repository, string.Join('/', path[4..]));
    }

    private async Task ListAsync(HttpContext context, TestRepository repository, string what)
    {
        if (what == "tree")
        {
            // Two rows a page, so that pages are turned.
            string[] files = [.. repository.Files.Keys];
            int start = int.TryParse(context.Request.Query["cursor"], out int cursor) ? cursor : 0;
            if (start + 2 < files.Length) context.Response.Headers.Link = $"<{Endpoint}{context.Request.Path}?recursive=true&cursor={start + 2}>; rel=\"next\"";
            await WriteAsync(context, files.Skip(start).Take(2).Select(path => repository.InGit.Contains(path)
                ? (object)new { type = "file", oid = repository.Etag(path), size = repository.Bytes(path), path }
                : new { type = "file", oid = new string('0', 40), size = repository.Bytes(path), lfs = new { oid = repository.Etag(path), size = repository.Bytes(path), pointerSize = 134 }, path }).Prepend(new { type = "directory", oid = "x", size = 0, path = "folder" }));
            return;
        }
        bool isSized = context.Request.Query["blobs"] == "true" && !HidesSizes;
        await WriteAsync(context, new
        {
            id = repository.Name,
            sha = repository.Commit,
            gated = JsonSerializer.Deserialize<JsonElement>(repository.Gated),
            tags = new[] { "gguf", "license:llama3" },
            siblings = repository.Files.Keys.Select(path => !isSized ? (object)new { rfilename = path }
                : repository.InGit.Contains(path) ? new { rfilename = path, size = repository.Bytes(path), blobId = repository.Etag(path) }
                : new { rfilename = path, size = repository.Bytes(path), blobId = new string('0', 40), lfs = new { sha256 = repository.Etag(path), size = repository.Bytes(path), pointerSize = 134 } }),
        });
    }

    private async Task ResolveAsync(HttpContext context, TestRepository repository, string path)
    {
        if (!repository.Files.TryGetValue(path, out byte[]? content))
        {
            await Refuse(context, 404, "EntryNotFound", "Entry not found");
            return;
        }
        context.Response.Headers["X-Repo-Commit"] = repository.Commit;
        if (repository.InGit.Contains(path))
        {
            await Results.Bytes(content, "text/plain", enableRangeProcessing: true, entityTag: new EntityTagHeaderValue($"\"{repository.Etag(path)}\"")).ExecuteAsync(context);
            return;
        }
        context.Response.Headers["X-Linked-ETag"] = $"\"{repository.Etag(path)}\"";
        context.Response.Headers["X-Linked-Size"] = FormattableString.Invariant($"{repository.Bytes(path)}");
        context.Response.StatusCode = 302;
        context.Response.Headers.Location = $"{elsewhere.Urls.First()}/{repository.Name}/{path}?signature=x";
    }

    private async Task AnswerElsewhereAsync(HttpContext context)
    {
        Note(context, isElsewhere: true);
        if (AtElsewhere is { } before && await before(context)) return;
        string[] path = (context.Request.Path.Value ?? "").Trim('/').Split('/');
        byte[] content = repositories[$"{path[0]}/{path[1]}"].Files[string.Join('/', path[2..])];
        await Results.Bytes(content, enableRangeProcessing: true, entityTag: new EntityTagHeaderValue("\"elsewhere\"")).ExecuteAsync(context);
    }

    private void Note(HttpContext context, bool isElsewhere) => Seen.Enqueue(new SeenRequest(context.Request.Method, context.Request.Path.Value ?? "", isElsewhere,
        context.Request.Headers.Authorization.FirstOrDefault(), context.Request.Headers.Range.FirstOrDefault()));

    private static Task WriteAsync<T>(HttpContext context, T value)
    {
        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value)).AsTask();
    }
}
