using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cria.Load;

/// <summary>A client of <c>/v1/chat/completions</c>.</summary>
internal sealed class Api : IDisposable
{
    private readonly HttpClient http;

    /// <summary>A client that bears a key.</summary>
    public Api(Uri address, string? key)
    {
        Address = address;
        Key = key;
        http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1024, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20) }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
        if (key is not null) http.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    /// <summary>Where the server is.</summary>
    public Uri Address { get; }

    /// <summary>The key.</summary>
    public string? Key { get; }

    /// <summary>What came back, and when.</summary>
    /// <param name="Text">The answer's text, of all choices.</param>
    /// <param name="PromptTokens">Tokens of the prompt.</param>
    /// <param name="CachedTokens">Those of them that were known.</param>
    /// <param name="AnswerTokens">Tokens of the answers.</param>
    /// <param name="Seconds">From sending the request to the end of the answer.</param>
    public sealed record Answer(string Text, int PromptTokens, int CachedTokens, int AnswerTokens, double Seconds);

    /// <summary>A request that holds one message.</summary>
    public static JsonObject Request(string content, int maxTokens, bool isExact = false)
    {
        var request = new JsonObject { ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = content }), ["max_tokens"] = maxTokens };
        // Two words for the same, for servers that know one of them.
        if (isExact) (request["min_tokens"], request["ignore_eos"]) = (maxTokens, true);
        return request;
    }

    /// <summary>Asks and waits for the whole answer.</summary>
    public async Task<Answer> AskAsync(JsonObject request, CancellationToken cancellationToken = default)
    {
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        string text = string.Join('\u0001', answer.RootElement.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString()));
        return Whole(text, answer.RootElement.GetProperty("usage"), seconds);
    }

    /// <summary>Asks and reads the answer as it is streamed; leaves after <paramref name="leaveAfter"/> pieces, and then returns null.</summary>
    public async Task<Answer?> StreamAsync(JsonObject request, int leaveAfter = int.MaxValue, CancellationToken cancellationToken = default)
    {
        request["stream"] = true;
        request["stream_options"] = new JsonObject { ["include_usage"] = true };
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        var text = new StringBuilder();
        JsonElement usage = default;
        int pieces = 0;
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0) continue;
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) throw new InvalidDataException($"not an event: {line}");
            if (line == "data: [DONE]") return Whole(text.ToString(), usage, Stopwatch.GetElapsedTime(start).TotalSeconds);
            using JsonDocument piece = JsonDocument.Parse(line.AsMemory(6));
            if (piece.RootElement.TryGetProperty("error", out JsonElement error)) throw new InvalidDataException($"an error in the stream: {error.GetRawText()}");
            if (piece.RootElement.TryGetProperty("usage", out JsonElement found) && found.ValueKind == JsonValueKind.Object) usage = found.Clone();
            foreach (JsonElement choice in piece.RootElement.GetProperty("choices").EnumerateArray())
            {
                if (choice.GetProperty("delta").TryGetProperty("content", out JsonElement content)) text.Append(content.GetString());
            }
            // Leaving: the connection is closed with the answer half read.
            if (++pieces > leaveAfter) return null;
        }
        throw new InvalidDataException("the stream ended without [DONE]");
    }

    /// <summary>Some of the server's metrics, by name; those without labels.</summary>
    public async Task<double[]> MetricsAsync(params string[] names)
    {
        string[] lines = (await http.GetStringAsync("/metrics").ConfigureAwait(false)).Split('\n');
        return [.. names.Select(name => double.Parse(lines.First(line => line.StartsWith(name + ' ', StringComparison.Ordinal))[(name.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture))];
    }

    /// <summary>Posts a body that may be wrong; returns the status.</summary>
    public async Task<HttpStatusCode> PostAsync(HttpContent body, string? key, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = body };
        if (key is not null) message.Headers.Authorization = new("Bearer", key);
        using HttpResponseMessage response = await http.SendAsync(message, cancellationToken).ConfigureAwait(false);
        return response.StatusCode;
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(JsonObject request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json") };
        HttpResponseMessage response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.OK) return response;
        using (response) throw new InvalidDataException($"status {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)}");
    }

    private static Answer Whole(string text, JsonElement usage, double seconds) => new(
        text, usage.GetProperty("prompt_tokens").GetInt32(), usage.TryGetProperty("prompt_tokens_details", out JsonElement details) ? details.GetProperty("cached_tokens").GetInt32() : 0, usage.GetProperty("completion_tokens").GetInt32(), seconds);
}
