using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Cria.Cli.Tests.Deployment;

/// <summary>The nginx example that ships, in front of two replicas.</summary>
public class NginxTests
{
    private const int Conversations = 12;

    // Longer than a page of the cache, so that what is kept of it is seen.
    private static readonly string Opening = string.Concat(Enumerable.Repeat("Tom has a red kite and a small dog. ", 12));

    [Fact]
    public async Task A_conversation_stays_on_one_replica_and_moves_on_when_it_dies()
    {
        await using Replicas replicas = await Replicas.Start();
        var home = new Dictionary<int, string>();
        for (int conversation = 0; conversation < Conversations; conversation++)
        {
            home[conversation] = (await Ask(replicas, conversation, turns: 1)).Replica;
            (string replica, int cached) = await Ask(replicas, conversation, turns: 2);
            Assert.Equal(home[conversation], replica);
            Assert.True(cached >= 64, $"{cached} tokens of the first turn were known");
        }
        Assert.Equal(Replicas.Names, home.Values.Distinct().Order());

        await replicas.Kill(Replicas.Names[0]);
        for (int conversation = 0; conversation < Conversations; conversation++)
        {
            Assert.Equal(Replicas.Names[1], (await Ask(replicas, conversation, turns: 3)).Replica);
        }
    }

    [Fact]
    public async Task Tokens_pass_as_they_come_and_figures_stay_inside()
    {
        await using Replicas replicas = await Replicas.Start();
        using HttpResponseMessage response = await Send(replicas, 0, 1, stream: true);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith("data: {", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using HttpResponseMessage figures = await replicas.Client.GetAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, figures.StatusCode);
    }

    private static async Task<(string Replica, int Cached)> Ask(Replicas replicas, int conversation, int turns)
    {
        using HttpResponseMessage response = await Send(replicas, conversation, turns, stream: false);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return (answer.GetProperty("model").GetString()!, answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    private static Task<HttpResponseMessage> Send(Replicas replicas, int conversation, int turns, bool stream)
    {
        var messages = new List<object> { new { role = "user", content = $"Conversation {conversation}. {Opening}" } };
        for (int turn = 1; turn < turns; turn++)
        {
            messages.Add(new { role = "assistant", content = "Yes." });
            messages.Add(new { role = "user", content = "What has Tom?" });
        }
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(new { messages, stream, max_tokens = 8, temperature = 0 }) };
        request.Headers.Add("X-Conversation-Id", $"conversation-{conversation}");
        return replicas.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }
}
