using System.Net;
using System.Text.Json;

namespace Cria.Server.Tests.Api;

/// <summary>Prompts that a server saves and restores.</summary>
public sealed class SavedPromptTests : IAsyncLifetime
{
    private const string Story = """{"prompt":"Once upon a time there was a llama that lived on a hill and counted the stars every night, one after another.","max_tokens":8,"temperature":0}""";

    private readonly string folder = Directory.CreateTempSubdirectory("cria-slots-").FullName;
    private LanguageModel model = null!;
    private ServerHost server = null!;
    private Api api = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await Start();

    public async ValueTask DisposeAsync()
    {
        await Stop();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_one_server_saved_another_need_not_compute()
    {
        string expected = Text(await api.Ask("/v1/completions", Story));
        // Without a prompt it is the one answered last.
        JsonElement saved = await api.Ask("/slots/0?action=save", """{"filename":"story.kv"}""");
        Assert.Equal(new FileInfo(Path.Combine(folder, "story.kv")).Length, saved.GetProperty("n_written").GetInt64());
        await Stop();
        await Start();
        JsonElement restored = await api.Ask("/slots/0?action=restore", """{"filename":"story.kv"}""");
        Assert.Equal(saved.GetProperty("n_saved").GetInt32(), restored.GetProperty("n_restored").GetInt32());
        JsonElement answer = await api.Ask("/v1/completions", Story);
        Assert.Equal(expected, Text(answer));
        Assert.Equal(restored.GetProperty("n_restored").GetInt32() - 1, answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
        await api.Ask("/slots/3?action=save", """{"filename":"chat.kv","messages":[{"role":"user","content":"Hello"}]}""");
    }

    [Theory]
    [InlineData("/slots/0?action=save", """{"filename":"../story.kv"}""", HttpStatusCode.BadRequest)]
    [InlineData("/slots/0?action=save", """{"filename":".hidden"}""", HttpStatusCode.BadRequest)]
    [InlineData("/slots/0?action=save", """{}""", HttpStatusCode.BadRequest)]
    [InlineData("/slots/0?action=save", """{"filename":"a.kv"}""", HttpStatusCode.BadRequest)]
    [InlineData("/slots/0?action=eat", """{"filename":"a.kv"}""", HttpStatusCode.BadRequest)]
    [InlineData("/slots/0", """{"filename":"a.kv"}""", HttpStatusCode.BadRequest)]
    [InlineData("/slots/0?action=restore", """{"filename":"absent.kv"}""", HttpStatusCode.NotFound)]
    public async Task Wrong_names_and_actions_are_refused(string path, string body, HttpStatusCode expected)
    {
        Assert.Equal(expected, (await api.Post(path, body)).Status);
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public async Task A_damaged_file_is_refused_and_a_server_without_a_folder_says_so()
    {
        File.WriteAllText(Path.Combine(folder, "bad.kv"), new string('x', 5000));
        (HttpStatusCode status, JsonElement json, _) = await api.Post("/slots/0?action=restore", """{"filename":"bad.kv"}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("no saved prompt", json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        await using ServerHost plain = await ServerHost.StartAsync(model, "127.0.0.1", 0, new CriaServerOptions(), cancellationToken: Cancellation);
        using var client = new Api(plain);
        Assert.Equal(HttpStatusCode.NotImplemented, (await client.Post("/slots/0?action=save", """{"filename":"a.kv"}""")).Status);
    }

    private static string Text(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("text").GetString()!;

    private async Task Start()
    {
        model = LanguageModel.Load(Path.Combine(AppContext.BaseDirectory, "models", "cria-tiny.gguf"));
        server = await ServerHost.StartAsync(model, "127.0.0.1", 0, new CriaServerOptions { PromptFolder = folder }, cancellationToken: Cancellation);
        api = new Api(server);
    }

    private async Task Stop()
    {
        api.Dispose();
        await server.DisposeAsync();
        model.Dispose();
    }
}
