using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Cria.Server.Tests.Page;

namespace Cria.Server.Tests.Api;

/// <summary>What wrong, greedy and vanishing clients get, and that others do not notice.</summary>
public sealed class RefusalTests(PageServer server) : IDisposable
{
    private const string Chat = "/v1/chat/completions", Hello = """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":4}""";

    private readonly Api api = new(server.Address);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => api.Dispose();

    [Theory]
    [InlineData(Chat, """{}""", "messages")]
    [InlineData(Chat, """{"messages":"Hello"}""", "messages")]
    [InlineData(Chat, """{"messages":[{"role":"robot","content":"a"}]}""", "messages[0].role")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a"}],"temperature":"hot"}""", "temperature")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a"}],"top_p":2}""", "top_p")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a"}],"n":0}""", "n")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a"}],"stream":"yes"}""", "stream")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a"}],"stop":[1]}""", "stop[0]")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a"}],"logit_bias":{"cat":1}}""", "logit_bias.cat")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a"}],"min_tokens":9,"max_tokens":3}""", "min_tokens")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function"}]}""", "tools[0].function")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"poem"}}""", "response_format.type")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"regex","schema":"(a"}}""", "response_format.schema")]
    [InlineData("/v1/completions", """{"prompt":[]}""", "prompt")]
    [InlineData("/v1/completions", """{"prompt":[99999999]}""", "prompt[0]")]
    [InlineData("/v1/embeddings", """{"input":7}""", "input")]
    [InlineData("/v1/detokenize", """{"tokens":[-1]}""", "tokens[0]")]
    public async Task A_wrong_field_is_named(string path, string body, string field)
    {
        (HttpStatusCode status, JsonElement json, _) = await api.Post(path, body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        JsonElement error = json.GetProperty("error");
        Assert.Equal(field, error.GetProperty("param").GetString());
        Assert.StartsWith(field, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Unknown_fields_do_not_matter() =>
        await api.Ask(Chat, """{"messages":[{"role":"user","content":"Hello","mood":"good"}],"max_tokens":2,"flavour":{"of":"vanilla"},"user":"me"}""");

    [Fact]
    public async Task A_prompt_that_does_not_fit_is_refused_with_the_numbers()
    {
        (HttpStatusCode status, JsonElement json, _) = await api.Post(Chat, JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = string.Concat(Enumerable.Repeat("word ", 3000)) } } }));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        string message = json.GetProperty("error").GetProperty("message").GetString()!;
        Assert.Contains("3011", message, StringComparison.Ordinal);
        Assert.Contains("2048", message, StringComparison.Ordinal);
        Assert.Equal("context_length_exceeded", json.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Bodies_that_are_no_JSON_are_refused()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await api.Post(Chat, """{"messages":""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await api.Post(Chat, "[1]")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await api.Post(Chat, new string('[', 4000))).Status);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await api.Post(Chat, Hello, "text/plain")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, await api.PostBytes(Chat, [.. "{\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xff, 0xc0, .. "\"}]}"u8]));
        Assert.Equal(HttpStatusCode.NotFound, (await api.Post("/v1/nothing", Hello)).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await api.Get(Chat)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await api.Post(Chat, """{"model":"gpt-9","messages":[{"role":"user","content":"a"}]}""")).Status);
    }

    [Fact]
    public async Task Keys_are_asked_for_and_large_bodies_refused()
    {
        await using ServerHost own = await ServerHost.StartAsync(server.Model, "127.0.0.1", 0, new CriaServerOptions { ApiKeys = ["first", "second"], MaxBodyBytes = 1000 }, cancellationToken: Cancellation);
        using Api nobody = new(own), wrong = new(own, "thirds"), second = new(own, "second");
        (HttpStatusCode status, JsonElement json, HttpResponseHeaders headers) = await nobody.Post(Chat, Hello);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal("invalid_api_key", json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("Bearer", headers.WwwAuthenticate.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.Post(Chat, Hello)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.Get("/metrics")).Status);
        Assert.Equal(HttpStatusCode.OK, (await nobody.Get("/health")).Status);
        await second.Ask(Chat, Hello);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await second.PostBytes(Chat, new byte[2000]));
    }

    [Fact]
    public async Task Observers_have_a_port_of_their_own_without_a_key()
    {
        int port;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }
        await using ServerHost own = await ServerHost.StartAsync(server.Model, "127.0.0.1", 0, new CriaServerOptions { ApiKeys = ["secret"], MetricsPort = port }, cancellationToken: Cancellation);
        using Api outside = new(own), observer = new(new Uri($"http://127.0.0.1:{port}"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await outside.Get("/metrics")).Status);
        Assert.Contains("\ncria_steps_total ", (await observer.Get("/metrics")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await observer.Get("/health")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await observer.Get("/")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await observer.Post(Chat, Hello)).Status);
    }

    [Fact]
    public async Task Whoever_asks_too_often_is_told_when_to_come_again()
    {
        await using ServerHost own = await ServerHost.StartAsync(server.Model, "127.0.0.1", 0, new CriaServerOptions { ApiKeys = ["often", "seldom"], RequestsPerMinute = 3 }, cancellationToken: Cancellation);
        using Api often = new(own, "often"), seldom = new(own, "seldom");
        for (int i = 0; i < 3; i++) await often.Ask(Chat, Hello);
        (HttpStatusCode status, JsonElement json, HttpResponseHeaders headers) = await often.Post(Chat, Hello);
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Equal("rate_limit_exceeded", json.GetProperty("error").GetProperty("code").GetString());
        Assert.InRange(headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 20);
        await seldom.Ask(Chat, Hello);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_a_client_that_leaves_frees_its_place()
    {
        using LanguageModel small = LanguageModel.Load(Path.Combine(AppContext.BaseDirectory, "models", "cria-tiny.gguf"), new LoadOptions { Parallel = 1, QueueCapacity = 1, ContextLength = 200_000 });
        await using ServerHost own = await ServerHost.StartAsync(small, "127.0.0.1", 0, cancellationToken: Cancellation);
        using Api client = new(own);
        const string Long = """{"messages":[{"role":"user","content":"Tell me a story."}],"max_tokens":100000,"ignore_eos":true,"stream":true}""";
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        HttpResponseMessage running = await client.Open(Chat, Long, leaving.Token);
        await (await running.Content.ReadAsStreamAsync(Cancellation)).ReadExactlyAsync(new byte[50], Cancellation);
        Task<JsonElement> waiting = client.Ask(Chat, Hello);
        while (await client.Metric("cria_sequences_waiting") < 1) await Task.Delay(5, Cancellation);
        (HttpStatusCode status, JsonElement json, HttpResponseHeaders headers) = await client.Post(Chat, Hello);
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Equal("queue_full", json.GetProperty("error").GetProperty("code").GetString());
        Assert.NotNull(headers.RetryAfter);
        double steps = await client.Metric("cria_steps_total");
        running.Dispose();
        await leaving.CancelAsync();
        // Without the place freed it would come after 100,000 steps, minutes later; a machine that is busy may need a second or two to notice that the client has left.
        await waiting;
        Assert.InRange(await client.Metric("cria_steps_total") - steps, 0, 10_000);
    }

    [Fact]
    public async Task An_urgent_request_goes_before_the_running_one_and_a_patient_one_behind_it()
    {
        using LanguageModel small = LanguageModel.Load(Path.Combine(AppContext.BaseDirectory, "models", "cria-tiny.gguf"), new LoadOptions { Parallel = 1, ContextLength = 200_000 });
        await using ServerHost own = await ServerHost.StartAsync(small, "127.0.0.1", 0, cancellationToken: Cancellation);
        using Api client = new(own);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        HttpResponseMessage running = await client.Open(Chat, """{"messages":[{"role":"user","content":"Tell me a story."}],"max_tokens":100000,"ignore_eos":true,"stream":true}""", leaving.Token);
        Stream stream = await running.Content.ReadAsStreamAsync(Cancellation);
        await stream.ReadExactlyAsync(new byte[50], Cancellation);
        Task<JsonElement> patient = client.Ask(Chat, """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":8,"priority":5}""");
        while (await client.Metric("cria_sequences_waiting") < 1) await Task.Delay(5, Cancellation);
        await client.Ask(Chat, """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":8,"priority":-5}""");
        // The one that was pushed out goes on where it was, still before the patient one.
        await stream.ReadExactlyAsync(new byte[5000], Cancellation);
        Assert.False(patient.IsCompleted);
        running.Dispose();
        await leaving.CancelAsync();
        await patient;
    }

    [Fact]
    public async Task Slow_and_broken_connections_disturb_nobody()
    {
        using var slow = new TcpClient();
        await slow.ConnectAsync(server.Address.Host, server.Address.Port, Cancellation);
        await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"mess"), Cancellation);
        using (var broken = new TcpClient())
        {
            await broken.ConnectAsync(server.Address.Host, server.Address.Port, Cancellation);
            await broken.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"mess"), Cancellation);
        }
        await api.Ask(Chat, Hello);
    }

    [Fact]
    public async Task A_draining_server_finishes_what_it_has_and_takes_no_more()
    {
        using LanguageModel own = LanguageModel.Load(Path.Combine(AppContext.BaseDirectory, "models", "cria-tiny.gguf"));
        await using ServerHost draining = await ServerHost.StartAsync(own, "127.0.0.1", 0, cancellationToken: Cancellation);
        using Api client = new(draining);
        HttpResponseMessage running = await client.Open(Chat, """{"messages":[{"role":"user","content":"Tell me a story."}],"max_tokens":600,"min_tokens":600,"stream":true}""", Cancellation);
        Stream stream = await running.Content.ReadAsStreamAsync(Cancellation);
        await stream.ReadExactlyAsync(new byte[50], Cancellation);
        Task drained = draining.DrainAsync(Cancellation);
        (HttpStatusCode status, _, HttpResponseHeaders headers) = await client.Post(Chat, Hello);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.NotNull(headers.RetryAfter);
        Assert.EndsWith("data: [DONE]\n\n", await new StreamReader(stream).ReadToEndAsync(Cancellation), StringComparison.Ordinal);
        await drained;
    }
}
