using System.Text;
using System.Text.Json;
using Microsoft.Playwright;

namespace Cria.Server.Tests.Page;

/// <summary>The chat page in a fresh browser profile. When disposed it fails on any script error and any breach of the content-security policy.</summary>
internal sealed class ChatPage : IAsyncDisposable
{
    private readonly IBrowserContext context;
    private readonly List<string> faults = [];
    private ICDPSession? slowness;

    private ChatPage(IBrowserContext context, IPage page) => (this.context, Tab) = (context, page);

    /// <summary>The browser's tab.</summary>
    public IPage Tab { get; }

    /// <summary>The field for a question.</summary>
    public ILocator Question => Tab.Locator("#question");

    /// <summary>The answers on show.</summary>
    public ILocator Answers => Tab.Locator(".message.assistant .body");

    /// <summary>The questions on show.</summary>
    public ILocator Questions => Tab.Locator(".message.user .body");

    /// <summary>The conversations in the list.</summary>
    public ILocator Conversations => Tab.Locator("#conversations a");

    /// <summary>Opens the page.</summary>
    public static async Task<ChatPage> Open(Chromium chromium, PageServer server, BrowserNewContextOptions? options = null, Func<IPage, Task>? prepare = null)
    {
        IBrowser browser = await chromium.Start();
        IBrowserContext context = await browser.NewContextAsync(options);
        context.SetDefaultTimeout(20_000);
        await context.AddInitScriptAsync("addEventListener('securitypolicyviolation', event => console.error('policy violated: ' + event.violatedDirective + ' ' + event.blockedURI))");
        var page = new ChatPage(context, await context.NewPageAsync());
        page.Tab.PageError += (_, error) => page.faults.Add(error);
        page.Tab.Console += (_, message) =>
        {
            if (message.Text.Contains("policy", StringComparison.OrdinalIgnoreCase)) page.faults.Add(message.Text);
        };
        if (prepare is not null) await prepare(page.Tab);
        await page.Tab.GotoAsync(server.Address.ToString());
        await page.Ready();
        return page;
    }

    /// <summary>Answers the page's next requests for a completion with one text; <see cref="Requests"/> holds what was asked.</summary>
    public Task AnswerWith(string text) => Tab.RouteAsync("**/v1/chat/completions", async route =>
    {
        Requests.Add(JsonDocument.Parse(route.Request.PostData!).RootElement);
        var body = new StringBuilder();
        for (int at = 0; at < text.Length; at += 7)
            Event(new { choices = new[] { new { index = 0, delta = new { content = text.Substring(at, Math.Min(7, text.Length - at)) } } } });
        Event(new { choices = new[] { new { index = 0, delta = new { }, finish_reason = "stop" } } });
        Event(new { choices = Array.Empty<object>(), usage = new { prompt_tokens = 20, completion_tokens = 10 } });
        body.Append("data: [DONE]\n\n");
        await route.FulfillAsync(new() { ContentType = "text/event-stream", Body = body.ToString() });

        void Event(object value) => body.Append("data: ").Append(JsonSerializer.Serialize(value)).Append("\n\n");
    });

    /// <summary>Requests that <see cref="AnswerWith"/> answered.</summary>
    public List<JsonElement> Requests { get; } = [];

    /// <summary>Lets the network carry so little that an answer takes seconds to arrive; -1 is the full speed again.</summary>
    public async Task SlowDown(int bytesPerSecond = 3000)
    {
        slowness ??= await context.NewCDPSessionAsync(Tab);
        await slowness.SendAsync("Network.enable");
        await slowness.SendAsync("Network.emulateNetworkConditions", new Dictionary<string, object> { ["offline"] = false, ["latency"] = 0, ["downloadThroughput"] = bytesPerSecond, ["uploadThroughput"] = -1 });
    }

    /// <summary>Asks and waits for the end of the answer.</summary>
    public async Task Ask(string question)
    {
        await Question.FillAsync(question);
        await Button("Send").ClickAsync();
        await Answered();
    }

    /// <summary>Waits until no answer is in progress.</summary>
    public Task Answered() => Tab.WaitForFunctionAsync("() => !document.body.classList.contains('answering')");

    /// <summary>Waits until the page has loaded its conversations and asked for the models.</summary>
    public Task Ready() => Tab.WaitForSelectorAsync("body[data-ready]");

    /// <summary>The button with a name, the last one if there are several.</summary>
    public ILocator Button(string name) => Tab.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).Last;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        Assert.Empty(faults);
    }
}
