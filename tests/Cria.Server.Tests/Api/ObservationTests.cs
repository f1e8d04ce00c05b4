using System.Collections.Concurrent;
using System.Text;
using Cria.Server.Tests.Page;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cria.Server.Tests.Api;

/// <summary>What an observer gets.</summary>
public class ObservationTests(PageServer server)
{
    private const string Chat = "/v1/chat/completions", Secret = """{"messages":[{"role":"user","content":"Hello, my secret number is 4711."}],"max_tokens":4,"min_tokens":3}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_collector_gets_spans_and_metrics_and_no_text()
    {
        var received = new ConcurrentDictionary<string, string>();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using WebApplication collector = builder.Build();
        collector.Urls.Add("http://127.0.0.1:0");
        collector.MapPost("/{**path}", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, Cancellation);
            received.AddOrUpdate(context.Request.Path, Encoding.Latin1.GetString(body.ToArray()), (_, earlier) => earlier + Encoding.Latin1.GetString(body.ToArray()));
        });
        await collector.StartAsync(Cancellation);
        await using (ServerHost own = await ServerHost.StartAsync(server.Model, "127.0.0.1", 0, new CriaServerOptions { Telemetry = new Uri(collector.Urls.First()) }, cancellationToken: Cancellation))
        {
            using Api api = new(own);
            await api.Ask(Chat, Secret);
            await api.Ask("/v1/completions", """{"prompt":"Once","max_tokens":2}""");
        }
        foreach (string metric in (string[])["gen_ai.server.request.duration", "gen_ai.server.time_to_first_token", "gen_ai.server.time_per_output_token"]) Assert.Contains(metric, received["/v1/metrics"], StringComparison.Ordinal);
        foreach (string part in (string[])["chat " + server.ModelName, "text_completion " + server.ModelName, "gen_ai.usage.output_tokens", "gen_ai.response.finish_reasons"]) Assert.Contains(part, received["/v1/traces"], StringComparison.Ordinal);
        Assert.DoesNotContain(received.Values, text => text.Contains("4711", StringComparison.Ordinal));
    }
}
