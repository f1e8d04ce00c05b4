using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Cria.Server.Tests.Page;

/// <summary>The page by keyboard, by ear, and on a phone.</summary>
public class AccessPageTests(Chromium chromium, PageServer server)
{
    private const string Rich = """
        # A heading with averyveryverylongwordthatdoesnotfitintothewidthofaphoneatallbecauseithasnospaces

        | one | two | three | four | five | six | seven | eight |
        |---|---|---|---:|---|---|---|---|
        | alpha | beta | gamma | 12345678 | delta | epsilon | zeta | eta |

        ```csharp
        public static IReadOnlyDictionary<string, IReadOnlyList<int>> Everything(IEnumerable<KeyValuePair<string, int>> pairs) => null!;
        ```

        - [x] done https://example.com/a/very/long/address/that/does/not/fit/into/the/width/of/a/phone/at/all
        """;

    [Fact]
    public async Task Markdown_tables_and_code_are_set_and_code_can_be_copied()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server, new() { Permissions = ["clipboard-read", "clipboard-write"] });
        await page.AnswerWith(Rich);
        await page.Ask("Hello");
        await Expect(page.Answers.Locator("td")).ToHaveCountAsync(8);
        Assert.Equal("right", await page.Answers.Locator("td").Nth(3).EvaluateAsync<string>("cell => getComputedStyle(cell).textAlign"));
        await Expect(page.Answers.Locator(".hljs-keyword").First).ToHaveTextAsync("public");
        await Expect(page.Answers.Locator("figcaption")).ToContainTextAsync("csharp");
        await Expect(page.Answers.Locator("input[type=checkbox]")).ToBeCheckedAsync();
        await page.Button("Copy code").ClickAsync();
        Assert.Equal("public static IReadOnlyDictionary<string, IReadOnlyList<int>> Everything(IEnumerable<KeyValuePair<string, int>> pairs) => null!;", (await page.Tab.EvaluateAsync<string>("navigator.clipboard.readText()")).TrimEnd());
    }

    [Theory]
    [InlineData(320)]
    [InlineData(390)]
    [InlineData(1280)]
    public async Task No_width_scrolls_sideways(int width)
    {
        await using ChatPage page = await ChatPage.Open(chromium, server, new() { ViewportSize = new() { Width = width, Height = 740 }, HasTouch = width < 500, IsMobile = width < 500 });
        await Fits(page);
        await page.AnswerWith(Rich);
        await page.Ask("averyveryverylongquestionthatdoesnotfitintothewidthofaphoneatallbecauseithasnospaces");
        await page.Button("Edit question").ClickAsync();
        await Fits(page);
        await page.Button("Cancel").ClickAsync();
        await Fits(page);
        await page.Button("Settings").ClickAsync();
        await page.Tab.GetByText("JSON schema", new() { Exact = true }).ClickAsync();
        await Fits(page);
        await page.Button("Close settings").ClickAsync();
        if (width < 500)
        {
            await page.Button("Conversations").ClickAsync();
            await Expect(page.Conversations).ToBeVisibleAsync();
            await Fits(page);
            await page.Conversations.ClickAsync();
            await page.Button("Close conversations").ClickAsync();
            await Expect(page.Conversations).ToBeHiddenAsync();
        }

        static async Task Fits(ChatPage page)
        {
            string[] wide = await page.Tab.EvaluateAsync<string[]>("""
                () => [document.documentElement, document.getElementById('scroller'), document.getElementById('settings')]
                  .filter(part => part.scrollWidth > part.clientWidth).map(part => `${part.tagName} ${part.id}: ${part.scrollWidth} > ${part.clientWidth}`)
                """);
            Assert.Empty(wide);
        }
    }

    [Fact]
    public async Task Every_control_has_a_name()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        await page.AnswerWith(Rich);
        await page.Ask("Hello");
        await page.Button("Answer again").ClickAsync();
        await page.Answered();
        ICDPSession session = await page.Tab.Context.NewCDPSessionAsync(page.Tab);
        // What assistive technology is told, before and with each dialog open.
        foreach (string dialog in new[] { "", "settings", "model", "help", "ask-key" })
        {
            if (dialog.Length > 0) await page.Tab.EvaluateAsync("id => { document.querySelector('dialog[open]')?.close(); document.getElementById(id).showModal(); }", dialog);
            JsonElement tree = (await session.SendAsync("Accessibility.getFullAXTree"))!.Value;
            string[] controls = ["button", "link", "textbox", "searchbox", "spinbutton", "radio", "checkbox", "combobox", "meter", "dialog"];
            var found = tree.GetProperty("nodes").EnumerateArray().Where(node => !node.GetProperty("ignored").GetBoolean() && node.TryGetProperty("role", out JsonElement role) && controls.Contains(role.GetProperty("value").GetString())).ToArray();
            Assert.NotEmpty(found);
            Assert.All(found, node => Assert.False(string.IsNullOrWhiteSpace(node.GetProperty("name").GetProperty("value").GetString()), node.GetRawText()));
        }
    }

    [Fact]
    public async Task The_answer_is_told_sentence_by_sentence()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        await page.AnswerWith("The first sentence is here. The second one is **bold**.");
        await page.Ask("Hello");
        ILocator told = page.Tab.Locator("#announcements");
        Assert.Equal("polite", await told.GetAttributeAsync("aria-live"));
        string[] lines = [.. await told.Locator("p").AllTextContentsAsync()];
        Assert.Equal("Answering", lines[0]);
        Assert.Equal("The answer is complete", lines[^1]);
        Assert.Equal("The first sentence is here. The second one is bold .", string.Join(' ', lines[1..^1]));
        await Expect(page.Question).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Everything_is_done_by_keyboard()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        await Expect(page.Question).ToBeFocusedAsync();
        await page.AnswerWith("Yes.");
        IKeyboard keyboard = page.Tab.Keyboard;
        await keyboard.TypeAsync("One");
        await keyboard.PressAsync("Shift+Enter");
        await keyboard.TypeAsync("line");
        await keyboard.PressAsync("Enter");
        await page.Answered();
        await Expect(page.Questions).ToHaveTextAsync("One\nline");
        await keyboard.PressAsync("ArrowUp");
        await Expect(page.Tab.Locator(".editing textarea")).ToBeFocusedAsync();
        await keyboard.PressAsync("Escape");
        await Expect(page.Button("Edit question")).ToBeFocusedAsync();
        await keyboard.PressAsync("Control+Shift+O");
        await Expect(page.Question).ToBeFocusedAsync();
        await Expect(page.Questions).ToHaveCountAsync(0);
        await keyboard.PressAsync("Control+k");
        await Expect(page.Tab.Locator("#search")).ToBeFocusedAsync();
        await keyboard.PressAsync("ArrowDown");
        await keyboard.PressAsync("Enter");
        await Expect(page.Questions).ToHaveCountAsync(1);
        await keyboard.PressAsync("Control+,");
        await Expect(page.Tab.Locator("#settings")).ToBeVisibleAsync();
        await keyboard.PressAsync("Escape");
        await Expect(page.Tab.Locator("#settings")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_chosen_theme_stays()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server, new() { ColorScheme = ColorScheme.Light });
        string light = await Ground();
        await page.Button("Settings").ClickAsync();
        await page.Tab.GetByText("Dark", new() { Exact = true }).ClickAsync();
        string dark = await Ground();
        Assert.NotEqual(light, dark);
        await page.Tab.ReloadAsync();
        await page.Ready();
        Assert.Equal(dark, await Ground());

        Task<string> Ground() => page.Tab.EvaluateAsync<string>("getComputedStyle(document.documentElement).backgroundColor");
    }

    [Fact]
    public async Task Settings_go_to_the_server_and_stay_with_the_conversation()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        await page.AnswerWith("""{"name":"Cria"}""");
        await page.Button("Settings").ClickAsync();
        await page.Tab.GetByLabel("System prompt").FillAsync("Be brief.");
        await page.Tab.GetByLabel("Temperature").FillAsync("0.5");
        await page.Tab.GetByLabel("Seed").FillAsync("7");
        await page.Tab.GetByText("JSON schema", new() { Exact = true }).ClickAsync();
        ILocator schema = page.Tab.GetByLabel("The answer will match this schema");
        await schema.FillAsync("{");
        await Expect(page.Tab.Locator("#schema-problem")).ToContainTextAsync("is not JSON");
        await schema.FillAsync("""{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}""");
        await Expect(page.Tab.Locator("#schema-problem")).ToHaveTextAsync("");
        await page.Button("Close settings").ClickAsync();
        await page.Ask("Hello");
        JsonElement request = Assert.Single(page.Requests);
        Assert.Equal("Be brief.", request.GetProperty("messages")[0].GetProperty("content").GetString());
        Assert.Equal(0.5, request.GetProperty("temperature").GetDouble());
        Assert.Equal(7, request.GetProperty("seed").GetInt32());
        Assert.False(request.TryGetProperty("top_p", out _));
        Assert.Equal("name", request.GetProperty("response_format").GetProperty("json_schema").GetProperty("schema").GetProperty("required")[0].GetString());
        Assert.True(request.GetProperty("stream").GetBoolean());
        await Expect(page.Answers.Locator("pre")).ToHaveTextAsync("{\n  \"name\": \"Cria\"\n}");
        await page.Tab.ReloadAsync();
        await page.Ready();
        await Expect(page.Tab.Locator("#in-force")).ToHaveTextAsync("With system prompt, sampling, JSON schema");
    }
}
