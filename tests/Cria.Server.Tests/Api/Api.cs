using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Cria.Server.Tests.Api;

/// <summary>A client that sends what it is told, right or wrong.</summary>
internal sealed class Api : IDisposable
{
    private readonly HttpClient client;

    public Api(Uri address, string? key = null)
    {
        client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        if (key is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public Api(ServerHost server, string? key = null) : this(new Uri(server.Address), key)
    {
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => client.Dispose();

    /// <summary>Posts a body and reads the answer's JSON, whatever its status.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Json, HttpResponseHeaders Headers)> Post(string path, string body, string type = "application/json")
    {
        using HttpResponseMessage response = await client.PostAsync(path, new StringContent(body, Encoding.UTF8, type), Cancellation);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation)).RootElement, response.Headers);
    }

    /// <summary>Posts a body that must be answered with 200.</summary>
    public async Task<JsonElement> Ask(string path, string body)
    {
        (HttpStatusCode status, JsonElement json, _) = await Post(path, body);
        Assert.True(status == HttpStatusCode.OK, json.ToString());
        return json;
    }

    /// <summary>Posts bytes as they are.</summary>
    public async Task<HttpStatusCode> PostBytes(string path, byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage response = await client.PostAsync(path, content, Cancellation);
        return response.StatusCode;
    }

    /// <summary>Gets a text and its status.</summary>
    public async Task<(HttpStatusCode Status, string Text)> Get(string path)
    {
        using HttpResponseMessage response = await client.GetAsync(path, Cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }

    /// <summary>The events of a streamed answer, the last one (<c>[DONE]</c>) left out, which must be there.</summary>
    public async Task<List<JsonElement>> Stream(string path, string body)
    {
        using HttpResponseMessage response = await Open(path, body, Cancellation);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        string[] events = (await response.Content.ReadAsStringAsync(Cancellation)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        return [.. events[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement)];
    }

    /// <summary>Posts a body and gives the response as soon as it begins.</summary>
    public Task<HttpResponseMessage> Open(string path, string body, CancellationToken cancellationToken) =>
        client.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") }, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>A metric without labels.</summary>
    public async Task<double> Metric(string name)
    {
        string line = (await Get("/metrics")).Text.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line[(name.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
