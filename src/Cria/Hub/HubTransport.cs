using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Reflection;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Hub;

/// <summary>
/// Requests to the hub: redirections followed by hand, so that the token reaches the hub's own host and no other; short troubles (429, 5xx, lost connections) waited out.
/// </summary>
internal sealed class HubTransport : IDisposable
{
    /// <summary>Commit of the revision asked for.</summary>
    public const string CommitHeader = "X-Repo-Commit";

    /// <summary>Content name of a file that lies elsewhere.</summary>
    public const string EtagHeader = "X-Linked-ETag";

    /// <summary>Size of a file that lies elsewhere.</summary>
    public const string SizeHeader = "X-Linked-Size";

    private const int MostRedirections = 10;
    private static readonly string[] LinkedHeaders = [CommitHeader, EtagHeader, SizeHeader];
    private static readonly ProductInfoHeaderValue Agent = new("cria", Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "0");

    private readonly HubOptions options;
    private readonly HttpClient client;

    /// <summary>Opens no connection yet.</summary>
    public HubTransport(HubOptions options)
    {
        this.options = options;
        client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.Patience,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The hub's host, for messages.</summary>
    public string Host => options.Endpoint.Authority;

    /// <summary>
    /// Sends a request and returns the answer's head. Codes that waiting does not change are the caller's to judge.
    /// Throws <see cref="CriaException"/> when the server cannot be reached or stays in trouble.
    /// </summary>
    /// <param name="method">GET or HEAD.</param>
    /// <param name="address">Where to.</param>
    /// <param name="range">The bytes wanted; null for all.</param>
    /// <param name="stayHome">Return a redirection to another host instead of following it.</param>
    /// <param name="backoff">Counts the failures of this transfer.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public async Task<HubReply> SendAsync(HttpMethod method, Uri address, RangeHeaderValue? range, bool stayHome, Backoff backoff, CancellationToken cancellationToken)
    {
        while (true)
        {
            string problem, remedy;
            TimeSpan? wanted = null;
            Exception? cause = null;
            try
            {
                HubReply reply = await FollowAsync(method, address, range, stayHome, cancellationToken).ConfigureAwait(false);
                if (!IsPassing(reply.Status)) return reply;
                using (reply)
                {
                    wanted = RetryAfter(reply.Response);
                    bool isLimit = reply.Status == HttpStatusCode.TooManyRequests;
                    problem = isLimit ? $"{reply.Address.Authority} limits requests (429)" : $"{reply.Address.Authority} is in trouble ({(int)reply.Status})";
                    remedy = isLimit && options.Token is null ? "try again later, or set HF_TOKEN, which allows more; what was fetched is kept" : "try again later; what was fetched is kept";
                }
            }
            catch (Exception failure) when (IsConnection(failure, cancellationToken))
            {
                cause = failure;
                problem = $"{address.Authority} cannot be reached: {Reason(failure)}";
                remedy = "check the network and HF_ENDPOINT; what was fetched is kept";
            }
            await backoff.WaitAsync(problem, remedy, wanted, cause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Fills the buffer from the body. Returns the bytes read, fewer only at the end or where the connection broke, which <paramref name="lost"/> is told.</summary>
    public async Task<int> ReadAsync(Stream body, Memory<byte> buffer, Action<Exception> lost, CancellationToken cancellationToken)
    {
        int filled = 0;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            while (filled < buffer.Length)
            {
                patience.CancelAfter(options.Patience);
                int read = await body.ReadAsync(buffer[filled..], patience.Token).ConfigureAwait(false);
                if (read == 0) break;
                filled += read;
            }
        }
        catch (Exception failure) when (IsConnection(failure, cancellationToken))
        {
            lost(failure);
        }
        return filled;
    }

    /// <summary>Why a connection failed, in a few words.</summary>
    public static string Reason(Exception failure)
    {
        if (failure is OperationCanceledException) return "no answer";
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            if (e is SocketException or System.Security.Authentication.AuthenticationException) return ForeignText.Shown(e.Message);
        }
        return ForeignText.Shown(failure.Message);
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private async Task<HubReply> FollowAsync(HttpMethod method, Uri start, RangeHeaderValue? range, bool stayHome, CancellationToken cancellationToken)
    {
        var linked = new Dictionary<string, string>();
        Uri address = start;
        for (int step = 0; step <= MostRedirections; step++)
        {
            HttpResponseMessage response = await SendOnceAsync(method, address, range, cancellationToken).ConfigureAwait(false);
            try
            {
                foreach (string header in LinkedHeaders)
                {
                    // What the hub itself says of the file counts; a server further on may not overrule it.
                    if (IsHome(address) && response.Headers.TryGetValues(header, out IEnumerable<string>? values)) linked.TryAdd(header, values.First());
                }
                if (!IsRedirection(response.StatusCode) || response.Headers.Location is not { } location) return new HubReply(response, address, null, linked);
                var next = new Uri(address, location);
                if (next.Scheme != Uri.UriSchemeHttps && (next.Scheme != Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps))
                    throw new CriaException($"{address.Authority} sends on to {ForeignText.Shown(next.GetLeftPart(UriPartial.Authority))}, which is not safe; check HF_ENDPOINT");
                if (stayHome && !IsHome(next)) return new HubReply(response, address, next, linked);
                response.Dispose();
                address = next;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
        throw new CriaException($"{start.Authority} redirects in a circle; check HF_ENDPOINT");
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, Uri address, RangeHeaderValue? range, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue(Agent.Product!));
        request.Headers.Range = range;
        // A compressed body would have neither the size nor the hash that the hub tells.
        request.Headers.AcceptEncoding.ParseAdd("identity");
        if (options.Token is { } token && IsHome(address)) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Patience);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).ConfigureAwait(false);
    }

    private bool IsHome(Uri address) => address.Scheme == options.Endpoint.Scheme && string.Equals(address.Authority, options.Endpoint.Authority, StringComparison.OrdinalIgnoreCase);

    private static bool IsRedirection(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;

    private static bool IsPassing(HttpStatusCode status) => (int)status is 408 or 429 or 500 or 502 or 503 or 504;

    private static bool IsConnection(Exception failure, CancellationToken cancellationToken) =>
        failure is HttpRequestException or IOException or SocketException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > DateTimeOffset.UtcNow => date - DateTimeOffset.UtcNow,
        _ => null,
    };
}
