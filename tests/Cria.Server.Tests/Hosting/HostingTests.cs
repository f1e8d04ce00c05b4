using System.Net;
using Cria.Tensors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Cria.Server.Tests.Hosting;

/// <summary>A model among the services of an application.</summary>
public class HostingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_application_shares_one_model_with_its_clients_and_chats_with_it_itself()
    {
        await using WebApplication app = Build(services => services.AddCria());
        app.MapGroup("/llm").MapCria();
        await app.StartAsync(Cancellation);
        var model = app.Services.GetRequiredService<LanguageModel>();
        IChatClient chat = app.Services.GetRequiredService<IChatClient>();
        Assert.Same(model, chat.GetService<LanguageModel>());
        Assert.Contains("15", (await chat.GetResponseAsync("What is 7 + 8?", new ChatOptions { Temperature = 0 }, Cancellation)).Text, StringComparison.Ordinal);
        using var api = new Api.Api(new Uri(app.Urls.First()));
        Assert.Contains("15", (await api.Ask("/llm/v1/chat/completions", """{"messages":[{"role":"user","content":"What is 7 + 8?"}],"temperature":0}""")).ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await api.Get("/v1/models")).Status);
        Assert.Contains("script/main.js", (await api.Get("/llm")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_health_check_is_bad_as_soon_as_the_application_begins_to_stop()
    {
        await using WebApplication app = Build(services => services.AddCria());
        await app.StartAsync(Cancellation);
        var health = app.Services.GetRequiredService<HealthCheckService>();
        HealthReportEntry before = (await health.CheckHealthAsync(Cancellation)).Entries[CriaServices.HealthCheckName];
        Assert.Equal((HealthStatus.Healthy, 0), (before.Status, before.Data["waiting"]));
        await app.StopAsync(Cancellation);
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(Cancellation)).Status);
    }

    [Fact]
    public async Task Stopping_waits_for_a_running_answer()
    {
        await using WebApplication app = Build(services => services.AddCria());
        await app.StartAsync(Cancellation);
        IChatClient chat = app.Services.GetRequiredService<IChatClient>();
        await using IAsyncEnumerator<ChatResponseUpdate> answer = chat.GetStreamingResponseAsync("Tell me a story about a fox.", new ChatOptions { MaxOutputTokens = 40 }, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await answer.MoveNextAsync());
        await app.StopAsync(Cancellation);
        ChatFinishReason? end = null;
        while (await answer.MoveNextAsync()) end = answer.Current.FinishReason ?? end;
        Assert.NotNull(end);
    }

    [Fact]
    public void Settings_come_from_the_configuration_and_code_counts_more()
    {
        CriaOptions options = Options(
            services => services.AddCria(options => options.Server = options.Server with { Alias = "mine" }),
            ("Cria:Model", "llama.gguf"), ("Cria:Load:ContextLength", "1024"), ("Cria:Load:Parallel", "8"), ("Cria:Load:Adapters:0", "style"), ("Cria:Load:Cache", "true"),
            ("Cria:Server:Alias", "theirs"), ("Cria:Server:ApiKeys", "secret"), ("Cria:Server:HasPage", "false"));
        Assert.Equal("llama.gguf", options.Model);
        Assert.Equal((1024L, 8, "style"), (options.Load.ContextLength!.Value, options.Load.Parallel, options.Load.Adapters.Single().Path));
        Assert.NotNull(options.Load.Cache);
        Assert.Equal(("mine", "secret", false), (options.Server.Alias!, options.Server.ApiKeys.Single(), options.Server.HasPage));
    }

    [Theory]
    [InlineData("Cria:Modle", "x", "there is no setting Cria:Modle")]
    [InlineData("Cria:Load:Threds", "2", "there is no setting Cria:Load:Threds")]
    [InlineData("Cria:Load:Threads", "two", "the setting Cria:Load:Threads is 'two', but a whole number is wanted")]
    [InlineData("Cria:Server:HasPage", "no", "the setting Cria:Server:HasPage is 'no', but true or false is wanted")]
    public void A_setting_that_cannot_be_is_refused_by_its_name(string key, string value, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<CriaException>(() => Options(services => services.AddCria(), (key, value))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task An_application_whose_model_is_not_there_does_not_start()
    {
        await using WebApplication app = Build(services => services.AddCria("nowhere.gguf"));
        Assert.Contains("nowhere.gguf", (await Assert.ThrowsAsync<CriaException>(() => app.StartAsync(Cancellation))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mapping_without_a_model_says_what_is_missing()
    {
        WebApplication app = Build(_ => { });
        Assert.Contains("AddCria", Assert.Throws<InvalidOperationException>(() => app.MapCria()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_mapped_takes_conventions_together()
    {
        await using WebApplication app = Build(services => services.AddCria().AddCria());
        app.MapCria().Add(endpoint => endpoint.RequestDelegate = context => context.Response.WriteAsync("closed"));
        await app.StartAsync(Cancellation);
        using var api = new Api.Api(new Uri(app.Urls.First()));
        foreach (string path in (string[])["/", "/v1/models", "/health"]) Assert.Equal("closed", (await api.Get(path)).Text);
    }

    private static WebApplication Build(Action<IServiceCollection> add, params (string Key, string Value)[] settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        add(builder.Services);
        return builder.Build();
    }

    private static CriaOptions Options(Action<IServiceCollection> add, params (string Key, string Value)[] settings) => Build(add, settings).Services.GetRequiredService<IOptions<CriaOptions>>().Value;
}
