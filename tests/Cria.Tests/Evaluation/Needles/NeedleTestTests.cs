using System.Text.Json;
using System.Xml.Linq;
using Cria.Evaluation.Needles;
using Cria.Evaluation.Needles.Reports;
using Cria.Tensors;

namespace Cria.Tests.Evaluation.Needles;

/// <summary>Needle maps run: scores against logits, work shared between cells, interruption, and the files that come of it.</summary>
public sealed class NeedleTestTests : IDisposable
{
    private static readonly NeedleOptions Options = new() { MaxContextLength = 460, MinContextLength = 300, ContextInterval = 160, DepthInterval = 0.5, NumberDigits = 4, Rounds = 2 };

    private readonly string folder = Directory.CreateTempSubdirectory("cria-needles-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Scores_are_those_of_the_logits_and_equal_beginnings_are_computed_once()
    {
        using LanguageModel model = Load();
        var haystack = Haystack.BuiltIn(model.Tokenizer);
        var test = new NeedleTest(model, Options, haystack);
        Assert.Equal(2 * 3 * 2, test.Cells.Count);
        Assert.True(test.ExpectedWork < 0.75 * test.Work, $"{test.ExpectedWork / test.Work}");
        var results = new List<NeedleResult>();
        var shares = new List<double>();
        await test.RunAsync((result, share) => { results.Add(result); shares.Add(share); }, TestContext.Current.CancellationToken);
        Assert.Equal(test.Cells, results.Select(result => result.Cell));
        Assert.Equal(shares.Order(), shares);
        Assert.Equal(1, shares[^1], 1e-9);
        var prompts = new NeedlePrompts(Options, haystack, model.Tokenizer);
        int known = 0;
        foreach (NeedleResult result in results)
        {
            NeedlePrompt prompt = prompts.Make(result.Cell);
            float[][] logits = model.Evaluate((int[])[.. prompt.Tokens, .. prompt.Answer], TestContext.Current.CancellationToken);
            bool expected = Enumerable.Range(0, prompt.Answer.Length).All(i => Array.IndexOf(logits[prompt.Tokens.Length - 1 + i], logits[prompt.Tokens.Length - 1 + i].Max()) == prompt.Answer[i]);
            Assert.Equal(expected, result.IsForced);
            Assert.Equal(prompt.Tokens.Length, result.PromptTokens);
            // Everything up to the needle was there from the second prompt on.
            Assert.InRange(result.CachedTokens, known == 0 ? 0 : prompt.SharedTokens, prompt.Tokens.Length);
            known = prompt.SharedTokens;
            string said = model.Generate(prompt.Tokens, new GenerationOptions { Temperature = 0, MaxTokens = prompt.Answer.Length + 8 }, TestContext.Current.CancellationToken);
            Assert.Equal(said, result.Said);
            Assert.Equal(NeedleTest.Contains(said, prompt.Number), result.IsFound);
        }
    }

    [Fact]
    public async Task An_interrupted_map_goes_on_and_ends_as_one_that_was_not()
    {
        using LanguageModel model = Load();
        var haystack = Haystack.BuiltIn(model.Tokenizer);
        var whole = new List<NeedleResult>();
        await new NeedleTest(model, Options, haystack).RunAsync((result, _) => whole.Add(result), TestContext.Current.CancellationToken);
        string path = Path.Combine(folder, "cells.jsonl");
        using (var journal = new NeedleJournal(path, "a"))
        {
            using var stop = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new NeedleTest(model, Options, haystack, journal.Knows).RunAsync((result, _) =>
            {
                journal.Add(result);
                if (journal.Results.Count == 5) stop.Cancel();
            }, stop.Token));
        }
        // As a machine that lost power leaves it.
        File.AppendAllText(path, "{\"context\":460,\"dep");
        using (var journal = new NeedleJournal(path, "a"))
        {
            Assert.Equal(5, journal.Results.Count);
            var test = new NeedleTest(model, Options, haystack, journal.Knows);
            Assert.Equal(7, test.Cells.Count);
            await test.RunAsync((result, _) => journal.Add(result), TestContext.Current.CancellationToken);
        }
        using (var journal = new NeedleJournal(path, "a"))
        {
            Assert.Equal(whole.Select(Facts).Order(), journal.Results.Select(Facts).Order());
            Assert.Empty(new NeedleTest(model, Options, haystack, journal.Knows).Cells);
        }
        Assert.Contains("other settings", Assert.Throws<CriaException>(() => new NeedleJournal(path, "b")).Message, StringComparison.Ordinal);
        File.WriteAllText(path, "{\"run\":\"a\"}\n{\"context\":");
        File.AppendAllText(path, "1}\n");
        Assert.Contains(":2 cannot be read", Assert.Throws<CriaException>(() => new NeedleJournal(path, "a")).Message, StringComparison.Ordinal);

        static string Facts(NeedleResult result) => $"{result.Cell} {result.Number} {result.Said} {result.IsForced} {result.IsFound} {result.PromptTokens} {result.Position}";
    }

    [Fact]
    public void A_map_that_does_not_fit_what_the_model_is_loaded_for_is_refused()
    {
        using LanguageModel model = Load();
        string message = Assert.Throws<CriaException>(() => new NeedleTest(model, Options with { MaxContextLength = 5000, MinContextLength = 5000 }, Haystack.BuiltIn(model.Tokenizer))).Message;
        Assert.Contains("--max-context-length", message, StringComparison.Ordinal);
        foreach (bool haystackOnly in new[] { false, true })
        {
            NeedleOptions options = Options with { CountsHaystackOnly = haystackOnly, Distractors = 5 };
            var prompts = new NeedlePrompts(options, Haystack.BuiltIn(model.Tokenizer), model.Tokenizer);
            NeedlePrompt longest = prompts.Make(new NeedleCell(460, 1, 0));
            Assert.InRange(longest.Tokens.Length + longest.Answer.Length + 8, 460, NeedleTest.ContextFor(options));
        }
    }

    [Fact]
    public void Files_hold_the_map_and_nothing_a_model_said_can_break_the_page()
    {
        const string Hostile = "</script><script>alert(1)</script> %DATA% \"&<b>";
        NeedleCell[] cells = [.. new NeedleGrid(Options).Cells()];
        NeedleResult[] results = [.. cells.Skip(2).Select((cell, i) => new NeedleResult(cell, "1234", i % 3 == 0 ? Hostile : "1234", i % 2 == 0, i % 3 != 0, cell.Context - 4, 100, 50, 0.5))];
        var map = new NeedleMap("a <b> model", Options, results);
        Assert.False(map.IsWhole);
        Assert.Equal(0.5, map.Forced, 1e-9);
        Assert.Equal(10 * 100, map.CachedTokens);
        NeedleFiles.Write(folder, map);
        Assert.Equal(["heatmap-written.svg", "heatmap.svg", "report.html", "results.csv", "results.json"], Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        string[] csv = File.ReadAllLines(Path.Combine(folder, "results.csv"));
        Assert.Equal("Context Length,Document Depth,Score,Written,Needles", csv[0]);
        Assert.Equal(1 + 5, csv.Length);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "results.json")));
        Assert.Equal(5, json.RootElement.GetProperty("cells").GetArrayLength());
        Assert.Equal(0.5, json.RootElement.GetProperty("score").GetDouble(), 1e-9);
        XDocument svg = XDocument.Parse(File.ReadAllText(Path.Combine(folder, "heatmap.svg")));
        XElement[] rectangles = [.. svg.Descendants().Where(element => element.Name.LocalName == "rect" && element.Attribute("data-context") is not null)];
        Assert.Equal(5, rectangles.Length);
        Assert.All(rectangles, rectangle => Assert.Equal("#EBB839", rectangle.Attribute("fill")!.Value));
        string page = File.ReadAllText(Path.Combine(folder, "report.html"));
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.DoesNotContain("a <b> model", page, StringComparison.Ordinal);
        Assert.DoesNotContain("%MODEL%", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page.Replace("http://www.w3.org/", "", StringComparison.Ordinal), StringComparison.Ordinal);
        int start = page.IndexOf("id=\"data\">", StringComparison.Ordinal) + "id=\"data\">".Length;
        using JsonDocument data = JsonDocument.Parse(page[start..page.IndexOf("</script>", start, StringComparison.Ordinal)]);
        Assert.Equal(Hostile, data.RootElement.GetProperty("cells")[0].GetProperty("needles")[0].GetProperty("said").GetString());
    }

    [Fact]
    public void Colours_are_those_of_the_familiar_maps()
    {
        Assert.Equal(["#F0496E", "#EBB839", "#0CD79F"], HeatColour.Scale);
        Assert.Equal("#F0496E", HeatColour.Of(0));
        Assert.Equal("#EBB839", HeatColour.Of(0.5));
        Assert.Equal("#0CD79F", HeatColour.Of(1));
        Assert.Equal("#EE8054", HeatColour.Of(0.25));
    }

    private static LanguageModel Load() => LanguageModel.Load(SharedData.ShippedModel, new LoadOptions { Threads = 1, ContextLength = 512 });
}
