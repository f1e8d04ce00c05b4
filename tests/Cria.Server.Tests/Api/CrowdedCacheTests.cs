using System.Text.Json;
using Cria.Server.Tests.Page;

namespace Cria.Server.Tests.Api;

/// <summary>A server whose cache is too small for what is asked: prompts are forgotten, running answers pushed out and computed again, and nobody notices but for the time.</summary>
public sealed class CrowdedCacheTests(PageServer server)
{
    private const string Completions = "/v1/completions";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_used_longest_ago_is_forgotten_and_computed_again_to_the_same_text()
    {
        using LanguageModel small = Load(parallel: 1, tokens: 768);
        await using ServerHost own = await ServerHost.StartAsync(small, "127.0.0.1", 0, cancellationToken: Cancellation);
        using Api crowded = new(own);
        string[] requests = [.. Enumerable.Range(0, 4).Select(i => Request(i, words: 300, answer: 8))];
        string first = Text(await crowded.Ask(Completions, requests[0]));
        Assert.True(Cached(await crowded.Ask(Completions, requests[0])) >= 256);
        // Three others of some 300 tokens each leave no room for the first.
        for (int i = 1; i < 4; i++) Assert.InRange(Cached(await crowded.Ask(Completions, requests[i])), 0, 63);
        Assert.True(Cached(await crowded.Ask(Completions, requests[3])) >= 256);
        JsonElement again = await crowded.Ask(Completions, requests[0]);
        // Its first page has stayed: all prompts begin with the same token, which is read there.
        Assert.InRange(Cached(again), 0, 64);
        Assert.Equal(first, Text(again));
        Assert.Equal(768 / 64, await crowded.Metric("cria_kv_pages_max"));
        Assert.InRange(await crowded.Metric("cria_kv_pages_used") + await crowded.Metric("cria_kv_pages_idle"), 1, 768 / 64);
    }

    [Fact]
    public async Task Answers_that_together_outgrow_the_cache_are_those_of_a_large_one()
    {
        using LanguageModel small = Load(parallel: 6, tokens: 768);
        await using ServerHost own = await ServerHost.StartAsync(small, "127.0.0.1", 0, cancellationToken: Cancellation);
        using Api crowded = new(own), roomy = new(server.Address);
        // Each grows to some 330 tokens; six of them are more than twice what there is room for.
        string[] requests = [.. Enumerable.Range(0, 6).Select(i => Request(i, words: 30, answer: 250))];
        JsonElement[] answers = await Task.WhenAll(requests.Select(request => crowded.Ask(Completions, request)));
        Assert.True(await crowded.Metric("cria_preemptions_total") > 0);
        for (int i = 0; i < requests.Length; i++) Assert.Equal(Text(await roomy.Ask(Completions, requests[i])), Text(answers[i]));
    }

    private static LanguageModel Load(int parallel, int tokens) =>
        LanguageModel.Load(Path.Combine(AppContext.BaseDirectory, "models", "cria-tiny.gguf"), new LoadOptions { Parallel = parallel, KvTokens = tokens, ContextLength = 700 });

    private static string Request(int number, int words, int answer) => JsonSerializer.Serialize(new
    {
        prompt = string.Join(' ', Enumerable.Range(0, words).Select(i => ((i * 7 + number * 31) % 23) switch { < 8 => "the", < 14 => "river", < 18 => "said", _ => $"{(char)('a' + number)}" })),
        max_tokens = answer,
        min_tokens = answer,
        temperature = 1,
        seed = number,
    });

    private static string Text(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("text").GetString()!;

    private static int Cached(JsonElement answer) => answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
}
