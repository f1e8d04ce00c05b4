using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Cria.Server.Tests.Page;

/// <summary>Asking, stopping, editing and keeping, in a real browser against the real server.</summary>
public class ConversationPageTests(Chromium chromium, PageServer server)
{
    [Fact]
    public async Task Streams_an_answer_and_shows_its_figures()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        await Expect(page.Tab.Locator("#show-model")).ToContainTextAsync(server.ModelName);
        await page.SlowDown();
        await page.Question.FillAsync("What is Cria?");
        await page.Question.PressAsync("Enter");
        await Expect(page.Answers).ToContainTextAsync("Cria is");
        await Expect(page.Button("Stop")).ToBeVisibleAsync();
        Assert.DoesNotContain("computer", await page.Answers.InnerTextAsync(), StringComparison.Ordinal);
        await page.Answered();
        await Expect(page.Answers).ToContainTextAsync("computer");
        await Expect(page.Tab.Locator(".figures")).ToContainTextAsync("tokens/s");
        await Expect(page.Tab.Locator("#context")).ToContainTextAsync("tokens of context");
        await Expect(page.Button("Send")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Stops_and_keeps_what_was_said()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        await page.SlowDown();
        await page.Question.FillAsync("Tell me a story about a fox.");
        await page.Question.PressAsync("Enter");
        await Expect(page.Answers).ToContainTextAsync("fox");
        await page.Button("Stop").ClickAsync();
        await page.Answered();
        await Expect(page.Tab.Locator(".note")).ToHaveTextAsync("Stopped.");
        string kept = await page.Answers.InnerTextAsync();
        Assert.DoesNotContain("ended well", kept, StringComparison.Ordinal);
        await page.SlowDown(-1);
        await page.Tab.ReloadAsync();
        await page.Ready();
        await Expect(page.Answers).ToHaveTextAsync(kept);
    }

    [Fact]
    public async Task Edited_questions_and_second_answers_are_branches()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        await page.Ask("First");
        await page.Button("Edit question").ClickAsync();
        await page.Tab.Locator(".editing textarea").FillAsync("Second");
        await page.Tab.Locator(".editing textarea").PressAsync("Enter");
        await page.Answered();
        await Expect(page.Questions).ToHaveTextAsync("Second");
        await Expect(page.Tab.Locator(".message.user .branches")).ToHaveTextAsync("2/2");
        await page.Button("Earlier version").ClickAsync();
        await Expect(page.Questions).ToHaveTextAsync("First");
        await Expect(page.Button("Later version")).ToBeFocusedAsync();
        await page.Button("Answer again").ClickAsync();
        await page.Answered();
        await Expect(page.Tab.Locator(".message.assistant .branches")).ToHaveTextAsync("2/2");
        await Expect(page.Answers).ToHaveCountAsync(1);
        await page.Tab.ReloadAsync();
        await page.Ready();
        await Expect(page.Questions).ToHaveTextAsync("First");
        await Expect(page.Tab.Locator(".branches")).ToHaveTextAsync(["1/2", "2/2"]);
    }

    [Fact]
    public async Task The_branch_on_show_is_what_the_server_is_sent()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        await page.AnswerWith("Yes.");
        await page.Ask("One");
        await page.Ask("Two");
        await page.Tab.GetByRole(AriaRole.Button, new() { Name = "Edit question" }).First.ClickAsync();
        await page.Tab.Locator(".editing textarea").FillAsync("Uno");
        await page.Button("Ask again").ClickAsync();
        await page.Answered();
        await page.Ask("Dos");
        Assert.Equal(["Uno", "Yes.", "Dos"], page.Requests[^1].GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").GetString()));
        await page.Button("Earlier version").ClickAsync();
        await Expect(page.Questions).ToHaveTextAsync(["One", "Two"]);
    }

    [Fact]
    public async Task Conversations_can_be_found_renamed_deleted_and_brought_back()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        await page.AnswerWith("An answer about wool.");
        await page.Ask("Llamas");
        await page.AnswerWith("An answer about stones.");
        await page.Button("New conversation").ClickAsync();
        await page.Ask("Mountains");
        await Expect(page.Conversations).ToHaveTextAsync(["Mountains", "Llamas"]);
        await page.Tab.Locator("#search").FillAsync("wool");
        await Expect(page.Conversations).ToHaveTextAsync("Llamas");
        await page.Conversations.PressAsync("F2");
        await page.Tab.GetByLabel("New title").FillAsync("The camelids");
        await page.Tab.GetByLabel("New title").PressAsync("Enter");
        await Expect(page.Conversations).ToHaveTextAsync("The camelids");
        await Expect(page.Conversations).ToBeFocusedAsync();
        await page.Tab.Locator("#search").FillAsync("");
        await page.Conversations.Last.ClickAsync();
        await Expect(page.Answers).ToHaveTextAsync("An answer about wool.");
        await page.Conversations.Last.PressAsync("Delete");
        await Expect(page.Conversations).ToHaveTextAsync("Mountains");
        await page.Button("Undo").ClickAsync();
        await Expect(page.Conversations).ToHaveTextAsync(["Mountains", "The camelids"]);
        await page.Tab.ReloadAsync();
        await page.Ready();
        await Expect(page.Conversations).ToHaveTextAsync(["Mountains", "The camelids"]);
    }

    [Fact]
    public async Task What_one_browser_exports_another_imports()
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".json");
        try
        {
            await using (ChatPage page = await ChatPage.Open(chromium, server))
            {
                await page.AnswerWith("A **bold** answer.");
                await page.Ask("Llamas");
                await page.Button("Answer again").ClickAsync();
                await page.Answered();
                await page.Button("Settings").ClickAsync();
                IDownload download = await page.Tab.RunAndWaitForDownloadAsync(() => page.Button("Export all").ClickAsync());
                Assert.Equal("cria-conversations.json", download.SuggestedFilename);
                await download.SaveAsAsync(file);
            }
            await using ChatPage other = await ChatPage.Open(chromium, server);
            await other.Button("Settings").ClickAsync();
            await other.Tab.Locator("#import-file").SetInputFilesAsync(new FilePayload { Name = "x.json", MimeType = "application/json", Buffer = "[1]"u8.ToArray() });
            await Expect(other.Tab.Locator("#import-problem")).ToContainTextAsync("no conversations exported from Cria");
            await other.Tab.Locator("#import-file").SetInputFilesAsync(file);
            await Expect(other.Tab.Locator("#settings")).ToBeHiddenAsync();
            await other.Conversations.ClickAsync();
            await Expect(other.Answers.Locator("strong")).ToHaveTextAsync("bold");
            await Expect(other.Tab.Locator(".branches")).ToHaveTextAsync("2/2");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_server_that_fails_is_quoted_and_can_be_asked_again()
    {
        await using ChatPage page = await ChatPage.Open(chromium, server);
        await page.Tab.RouteAsync("**/v1/chat/completions", route => route.FulfillAsync(new() { Status = 429, ContentType = "application/json", Headers = new Dictionary<string, string> { ["Retry-After"] = "7" }, Body = """{"error":{"message":"The queue is full."}}""" }));
        await page.Ask("Hello");
        await Expect(page.Tab.Locator(".message .problem")).ToHaveTextAsync("The queue is full. Try again in 7 s.");
        await page.Tab.UnrouteAllAsync();
        await page.Button("Answer again").ClickAsync();
        await page.Answered();
        await Expect(page.Answers).ToContainTextAsync("Hello!");
    }
}
