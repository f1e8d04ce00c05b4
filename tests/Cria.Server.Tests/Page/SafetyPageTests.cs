using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Cria.Server.Tests.Page;

/// <summary>Whatever a model or a file says, the page shows it and does nothing else.</summary>
public class SafetyPageTests(Chromium chromium, PageServer server)
{
    private const string Hostile = """
        Hello <script>window.harmed = 1</script> <img src=x onerror="window.harmed = 2"> <svg/onload=window.harmed=3>

        <script>window.harmed = 4</script>

        <iframe srcdoc="<script>parent.harmed = 5</script>"></iframe><style>body { display: none }</style>
        <form action="https://example.com"><input name="q"><button>Go</button></form>

        [click](javascript:window.harmed=6) [tab](java&#9;script:window.harmed=7) [data](data:text/html,<script>opener.harmed=8</script>) [file](file:///etc/passwd)
        ![picture](https://example.com/track.png) ![bad](javascript:window.harmed=9) [good](https://example.com/ "title")

        | a<img src=x onerror=window.harmed=10> | b |
        |---|---|
        | [x](vbscript:harm) | `<b>code</b>` |

        ```html"><img src=x onerror=window.harmed=11>
        <script>window.harmed = 12</script>
        ```
        """;

    [Fact]
    public async Task A_hostile_answer_stays_inert()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        var elsewhere = new List<string>();
        page.Tab.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(server.Address.ToString(), StringComparison.Ordinal)) elsewhere.Add(request.Url);
        };
        await page.AnswerWith(Hostile);
        await page.Ask("Hello <script>window.harmed = 13</script>");
        foreach (string name in new[] { "click", "tab", "data", "file", "x" })
        {
            ILocator link = page.Answers.Locator("a", new() { HasTextString = name }).First;
            if (await link.CountAsync() > 0) await link.ClickAsync(new() { Force = true });
        }
        Assert.Null(await page.Tab.EvaluateAsync<int?>("() => window.harmed ?? null"));
        await Expect(page.Answers.Locator("script, img, svg:not(button svg), iframe, style, form, object, [onerror], [onload], [style]")).ToHaveCountAsync(0);
        Assert.Equal(["https://example.com/track.png", "https://example.com/"], await page.Answers.Locator("a[href]").EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))"));
        Assert.Equal("noopener noreferrer nofollow", await page.Answers.Locator("a", new() { HasTextString = "good" }).GetAttributeAsync("rel"));
        await Expect(page.Answers).ToContainTextAsync("<script>window.harmed = 1</script>");
        await Expect(page.Questions).ToHaveTextAsync("Hello <script>window.harmed = 13</script>");
        Assert.Empty(elsewhere);
        await page.Tab.ReloadAsync();
        await page.Ready();
        Assert.Null(await page.Tab.EvaluateAsync<int?>("() => window.harmed ?? null"));
    }

    [Fact]
    public async Task A_hostile_file_stays_inert()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        const string file = """
            {"format":"cria-conversations","version":1,"conversations":[{"id":"x\"><img src=x onerror=harmed=1>","title":"<img src=x onerror=window.harmed=2>","settings":{"form":"text\"]","system":{"a":1}},"chosen":{"root":"m2"},
            "messages":{"m1":{"id":"m1","parent":"root","role":"user","content":{"a":1}},"m2":{"id":"m2","parent":"root","role":"user","content":"<img src=x onerror=window.harmed=3>"},
            "m3":{"id":"m3","parent":"m4","role":"user","content":"circle"},"m4":{"id":"m4","parent":"m3","role":"user","content":"circle"},"m5":{"id":"__proto__","parent":"root","role":"user","content":"x"},"m6":null}}, null, 7]}
            """;
        await page.Button("Settings").ClickAsync();
        await page.Tab.Locator("#import-file").SetInputFilesAsync(new FilePayload { Name = "x.json", MimeType = "application/json", Buffer = System.Text.Encoding.UTF8.GetBytes(file) });
        await Expect(page.Tab.Locator("#settings")).ToBeHiddenAsync();
        await page.Tab.GetByRole(AriaRole.Link, new() { Name = "<img src=x onerror=window.harmed=2>" }).ClickAsync();
        await Expect(page.Questions).ToHaveTextAsync("<img src=x onerror=window.harmed=3>");
        await page.Button("Settings").ClickAsync();
        await Expect(page.Tab.Locator("#settings")).ToBeVisibleAsync();
        Assert.Null(await page.Tab.EvaluateAsync<int?>("() => window.harmed ?? null"));
    }

    [Fact]
    public async Task Nothing_is_loaded_from_elsewhere_and_the_policy_forbids_it()
    {
        var urls = new List<string>();
        await using ChatPage page = await ChatPage.Open(chromium, server, prepare: tab =>
        {
            tab.Request += (_, request) => urls.Add(request.Url);
            return Task.CompletedTask;
        });
        Assert.True(urls.Count > 10);
        Assert.All(urls, url => Assert.StartsWith(server.Address.ToString(), url, StringComparison.Ordinal));
        using var client = new HttpClient();
        using HttpResponseMessage response = await client.GetAsync(server.Address, TestContext.Current.CancellationToken);
        string policy = string.Join(';', response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("*", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asks_for_a_key_when_the_server_does()
    {
        string? given = null;
        await using ChatPage page = await ChatPage.Open(chromium, server, prepare: tab => tab.RouteAsync("**/v1/models", async route =>
        {
            given = route.Request.Headers.GetValueOrDefault("authorization");
            if (given == "Bearer right") await route.ContinueAsync();
            else await route.FulfillAsync(new() { Status = 401, ContentType = "application/json", Body = """{"error":{"message":"A key is needed."}}""" });
        }));
        ILocator field = page.Tab.GetByLabel("API key", new() { Exact = true }).And(page.Tab.Locator("#ask-key-field"));
        await Expect(field).ToBeFocusedAsync();
        await field.FillAsync("wrong");
        await field.PressAsync("Enter");
        await Expect(page.Tab.Locator("#ask-key-problem")).ToBeVisibleAsync();
        await field.FillAsync("right");
        await field.PressAsync("Enter");
        await Expect(page.Tab.Locator("#show-model")).ToContainTextAsync(server.ModelName);
        Assert.Equal("Bearer right", given);
        await Expect(page.Tab.Locator("#ask-key")).ToBeHiddenAsync();
    }
}
