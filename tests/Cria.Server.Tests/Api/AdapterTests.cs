using System.Net;
using System.Text.Json;
using Cria.Adapters;
using Cria.Server.Tests.Page;

namespace Cria.Server.Tests.Api;

/// <summary>Adapters that requests ask for as their model.</summary>
public sealed class AdapterTests(PageServer server) : IDisposable
{
    private const string Chat = "/v1/chat/completions";

    private readonly string file = Path.Combine(Path.GetTempPath(), $"cria-{Guid.NewGuid():N}.gguf");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(file);

    [Fact]
    public async Task A_request_gets_the_adapter_it_names_and_others_do_not()
    {
        WriteAdapter();
        using LanguageModel model = LanguageModel.Load(server.Model.Path, new LoadOptions { NamedAdapters = [new("strange", new AdapterFile(file))] });
        await using ServerHost own = await ServerHost.StartAsync(model, "127.0.0.1", 0, cancellationToken: Cancellation);
        using Api api = new(own), plain = new(server.Address);

        JsonElement[] models = [.. JsonDocument.Parse((await api.Get("/v1/models")).Text).RootElement.GetProperty("data").EnumerateArray()];
        Assert.Equal([server.ModelName, "strange"], models.Select(entry => entry.GetProperty("id").GetString()));
        Assert.Equal(server.ModelName, models[1].GetProperty("parent").GetString());
        Assert.Equal(HttpStatusCode.OK, (await api.Get("/v1/models/strange")).Status);

        static string Body(string name) => $$"""{"model":"{{name}}","messages":[{"role":"user","content":"Tell me a story about a dog."}],"temperature":0,"max_tokens":30,"min_tokens":30}""";
        static string Text(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        string expected = Text(await plain.Ask(Chat, Body(server.ModelName)));
        // At once, and of the same prompt.
        JsonElement[] answers = await Task.WhenAll(api.Ask(Chat, Body("strange")), api.Ask(Chat, Body(server.ModelName)), api.Ask(Chat, Body("strange")));
        Assert.Equal("strange", answers[0].GetProperty("model").GetString());
        Assert.Equal(expected, Text(answers[1]));
        Assert.NotEqual(expected, Text(answers[0]));
        Assert.Equal(Text(answers[0]), Text(answers[2]));

        JsonElement Vector(JsonElement answer) => answer.GetProperty("data")[0].GetProperty("embedding");
        Assert.NotEqual(Vector(await api.Ask("/v1/embeddings", """{"input":"A cat."}""")).ToString(), Vector(await api.Ask("/v1/embeddings", """{"input":"A cat.","model":"strange"}""")).ToString());
        (HttpStatusCode status, JsonElement error, _) = await api.Post(Chat, Body("other"));
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("'strange'", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private void WriteAdapter()
    {
        var random = new Random(1);
        int hidden = server.Model.Config.HiddenSize, feedForward = server.Model.Config.FeedForwardSize;
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(3 * (random.NextDouble() - 0.5)))];
        LoraMatrix Matrix(string target, int rows) => new(target, 4, rows, hidden, Values(4 * hidden), Values(4 * rows), 8);
        new LoraAdapter("test", [Matrix("blk.0.attn_q.weight", hidden), Matrix("blk.2.ffn_up.weight", feedForward)]).Write(file, server.Model.Config.HeadSize);
    }
}
