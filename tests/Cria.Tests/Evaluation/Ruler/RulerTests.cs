using System.Text.Json;
using System.Text.RegularExpressions;
using Cria.Evaluation.Ruler;
using Cria.Packing;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Tests.Evaluation.Ruler;

/// <summary>RULER's tasks: its templates to the letter, needles all there, lengths kept, scores as it defines them.</summary>
public class RulerTests
{
    private static readonly RulerCell AnyCell = new("vt", 1, 0);

    [Fact]
    public void Templates_are_rulers_to_the_letter()
    {
        (string single, IReadOnlyList<string> one) = Text("niah_single_1");
        string key = Regex.Match(single, "for ([a-z-]+) mentioned").Groups[1].Value;
        Assert.StartsWith($"A special magic number is hidden within the following text. Make sure to memorize it. I will quiz you about the number afterwards.\n", single, StringComparison.Ordinal);
        Assert.EndsWith($"\nWhat is the special magic number for {key} mentioned in the provided text? The special magic number for {key} mentioned in the provided text is", single, StringComparison.Ordinal);
        Assert.Contains($"\nOne of the special magic numbers for {key} is: {one[0]}.\n", single, StringComparison.Ordinal);
        Assert.Contains("There and back again.\nThe grass is green.", single, StringComparison.Ordinal);
        (string uuid, IReadOnlyList<string> id) = Text("niah_single_3");
        Assert.Contains("I will quiz you about the uuid afterwards.", uuid, StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id[0]);
        (string many, IReadOnlyList<string> four) = Text("niah_multiquery");
        Assert.Equal(4, four.Count);
        Assert.StartsWith("Some special magic numbers are hidden within the following text. Make sure to memorize it. I will quiz you about the numbers afterwards.\n", many, StringComparison.Ordinal);
        Assert.Matches("\nWhat are all the special magic numbers for ([a-z-]+, ){3}and [a-z-]+ mentioned in the provided text\\? The special magic numbers for ([a-z-]+, ){3}and [a-z-]+ mentioned in the provided text are$", many);
        (string values, IReadOnlyList<string> fourValues) = Text("niah_multivalue");
        Assert.Equal(4, fourValues.Count);
        Assert.Matches("\nWhat are all the special magic numbers for [a-z-]+ mentioned", values);
        (string chain, _) = Text("vt");
        Assert.Equal(2, Regex.Count(chain, "Memorize and track the chain\\(s\\) of variable assignment hidden in the following text\\.\n\n"));
        Assert.Matches("\nQuestion: Find all variables that are assigned the value [0-9]{5} in the text above\\. Answer: According to the chain\\(s\\) of variable assignment in the text above, 5 variables are assigned the value [0-9]{5}, they are: $", chain);
    }

    [Theory]
    [InlineData("niah_single_1", 1, 1)]
    [InlineData("niah_single_2", 1, 1)]
    [InlineData("niah_single_3", 1, 1)]
    [InlineData("niah_multikey_1", 4, 1)]
    [InlineData("niah_multikey_2", 20, 1)]
    [InlineData("niah_multikey_3", 10, 1)]
    [InlineData("niah_multivalue", 4, 4)]
    [InlineData("niah_multiquery", 4, 4)]
    public void Needles_are_whole_and_lengths_kept(string name, int leastNeedles, int outputs)
    {
        RulerTask task = RulerTask.Parse(name);
        Tokenizer tokenizer = Tiny();
        foreach (int length in new[] { 1500, 2700 })
        {
            RulerSamples samples = Samples(tokenizer, length);
            for (int i = 0; i < 4; i++)
            {
                RulerSample sample = samples.Make(task, length, i);
                string text = tokenizer.Decode(sample.Prompt);
                Assert.InRange(sample.Prompt.Length + 128, length * 0.85, length);
                Assert.Equal(outputs, sample.Outputs.Count);
                MatchCollection needles = Regex.Matches(text, @"One of the special magic (numbers|uuids) for (\S+) is: (\S+?)\.");
                Assert.True(needles.Count >= leastNeedles, $"{needles.Count} needles");
                string query = Regex.Match(text, @"What (?:is|are all) the special magic \w+ for (.*) mentioned in the provided text\?").Groups[1].Value;
                string[] asked = query.Replace("and ", "", StringComparison.Ordinal).Split(", ");
                Assert.Equal(sample.Outputs.Order(), needles.Where(needle => asked.Contains(needle.Groups[2].Value)).Select(needle => needle.Groups[3].Value).Order());
                RulerSample again = samples.Make(task, length, i);
                Assert.Equal(sample.Prompt, again.Prompt);
            }
            Assert.NotEqual(samples.Make(task, length, 0).Outputs, samples.Make(task, length, 1).Outputs);
        }
    }

    [Fact]
    public void Variables_form_a_chain_in_order()
    {
        Tokenizer tokenizer = Tiny();
        RulerSamples samples = Samples(tokenizer, 2048);
        for (int i = 0; i < 5; i++)
        {
            RulerSample sample = samples.Make(RulerTask.Parse("vt"), 2048, i);
            Assert.InRange(sample.Prompt.Length + 30, 1700, 2048);
            string text = tokenizer.Decode(sample.Prompt);
            string[] parts = text.Split("Memorize and track");
            Assert.Equal(3, parts.Length);
            AssertChain(parts[1], Regex.Match(parts[1], "they are:  ([A-Z ]+)\n").Groups[1].Value.Split(' '), letters: 3);
            AssertChain(parts[2], sample.Outputs, letters: 5);
        }

        static void AssertChain(string text, IReadOnlyList<string> names, int letters)
        {
            Assert.Equal(5, names.Count);
            Assert.All(names, name => Assert.Matches($"^[A-Z]{{{letters}}}$", name));
            string value = Regex.Match(text, "assigned the value ([0-9]{5}) in").Groups[1].Value;
            string[] expected = [$"VAR {names[0]} = {value}", .. Enumerable.Range(1, 4).Select(i => $"VAR {names[i]} = VAR {names[i - 1]}")];
            Assert.Equal(expected, text.Split('\n').Where(line => line.StartsWith("VAR ", StringComparison.Ordinal)).Select(line => line.TrimEnd()));
        }
    }

    [Theory]
    [InlineData("It is ABC, def", 1.0, 1)]
    [InlineData("def def", 0.5, 1)]
    [InlineData("nothing", 0.0, 0)]
    public void Scores_are_string_matches_whatever_their_case(string said, double all, double part)
    {
        var result = new RulerResult(AnyCell, ["abc", "DEF"], said, 1);
        Assert.Equal((all, part), (result.MatchAll, result.MatchPart));
    }

    [Fact]
    public void What_does_not_fit_or_is_not_there_is_refused()
    {
        Tokenizer tokenizer = Tiny();
        Assert.Contains("does not fit in 150", Assert.Throws<CriaException>(() => Samples(tokenizer, 150).Make(RulerTask.Parse("niah_single_2"), 150, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("niah_single_1", Assert.Throws<CriaException>(() => RulerTask.Parse("cwe")).Message, StringComparison.Ordinal);
        var options = new RulerOptions { Lengths = [2048] };
        Assert.Contains("--haystack-dir", Assert.Throws<CriaException>(() => new RulerSamples(options, tokenizer, null!, [])).Message, StringComparison.Ordinal);
        _ = new RulerSamples(options with { Tasks = [RulerTask.Parse("vt"), RulerTask.Parse("niah_multikey_3")] }, tokenizer, null!, []);
    }

    [Fact]
    public async Task A_run_scores_every_sample_and_reports_means()
    {
        using LanguageModel model = LanguageModel.Load(SharedData.ShippedModel, new LoadOptions { Threads = 1, Parallel = 2 });
        var options = new RulerOptions { Lengths = [700, 900], Samples = 2, Tasks = [RulerTask.Parse("niah_single_1"), RulerTask.Parse("niah_multikey_2")] };
        var results = new List<RulerResult>();
        RulerCell[] cells = [.. RulerTest.Cells(options)];
        Assert.Equal(8, cells.Length);
        await RulerTest.RunAsync(model, new RulerSamples(options, model.Tokenizer, model.Template, []), cells, 2, results.Add, TestContext.Current.CancellationToken);
        Assert.Equal(cells.Order(Comparer<RulerCell>.Create((x, y) => string.CompareOrdinal($"{x}", $"{y}"))), results.Select(result => result.Cell).Order(Comparer<RulerCell>.Create((x, y) => string.CompareOrdinal($"{x}", $"{y}"))));
        var report = new RulerReport("tiny", options, results);
        foreach (int length in options.Lengths)
        {
            Assert.Equal(options.Tasks.Average(task => report.Score(task.Name, length)), report.Mean(length), 1e-9);
            Assert.Equal(50 * results.Where(result => result.Cell.Length == length && result.Cell.Task == "niah_single_1").Sum(result => result.MatchAll), report.Score("niah_single_1", length), 1e-9);
        }
        using JsonDocument json = JsonDocument.Parse(report.ToJson());
        Assert.Equal(8, json.RootElement.GetProperty("answers").GetArrayLength());
        Assert.Equal(5, report.ToCsv().TrimEnd('\n').Split('\n').Length);
        await Assert.ThrowsAsync<CriaException>(() => RulerTest.RunAsync(model, new RulerSamples(options, model.Tokenizer, model.Template, []), [new RulerCell("vt", 4096, 0)], 1, _ => { }, TestContext.Current.CancellationToken));
    }

    private static (string, IReadOnlyList<string>) Text(string name)
    {
        Tokenizer tokenizer = Tiny();
        RulerSample sample = Samples(tokenizer, 1500).Make(RulerTask.Parse(name), 1500, 0);
        return (tokenizer.Decode(sample.Prompt), sample.Outputs);
    }

    private static RulerSamples Samples(Tokenizer tokenizer, int length) =>
        new(new RulerOptions { Lengths = [length] }, tokenizer, null!, ["Tom has a boat. It is red, and he likes it! Does Mia like it? \"Not at all,\" she said.  Mr. Fox\nwent home. "]);

    private static Tokenizer Tiny()
    {
        using var source = ModelSource.Open(SharedData.ShippedModel);
        return Tokenizer.FromMetadata(source.Metadata);
    }
}
