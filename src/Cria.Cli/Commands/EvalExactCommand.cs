using System.CommandLine;
using System.Globalization;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Evaluation;

namespace Cria.Cli.Commands;

/// <summary><c>cria eval exact</c>: the share of questions that a model answers word for word.</summary>
internal static class EvalExactCommand
{
    private const int DefaultParallel = 16;

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("questions") { HelpName = "FILE", Description = "JSON lines {\"skill\": \"…\", \"messages\": […]}; the last message is the right answer." };
        Option<string?> model = ModelOptions.ModelOption();
        Option<long?> parallel = Numbers.Integer("--parallel", [], "N", string.Create(CultureInfo.InvariantCulture, $"Questions computed at once (default {DefaultParallel})."), 1, 1024);
        Option<long?> threads = Numbers.Integer("--threads", ["-t"], "N", "Threads that compute; by default one a physical core.", 1, 1024);
        var cache = new CacheOptions();
        var misses = new Option<bool>("--misses") { Description = "Show each wrong answer, the right one, and the question's last line." };
        var verb = new Verb("exact", "Score the greedy answers to questions that have one right answer.") { Details = "Prints a Markdown table: questions and right answers of each skill." };
        verb.Arguments.Add(file);
        verb.Add("Options", [model, misses, parallel, threads, .. cache.All]);
        verb.Example("cria eval exact -m model.gguf test.jsonl", "A table of the skills in test.jsonl.");
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            IReadOnlyList<ExactQuestion> questions = ExactQuestion.Read(parsed.GetRequiredValue(file));
            int many = (int)(parsed.GetValue(parallel) ?? DefaultParallel);
            IReadOnlyList<ExactResult> results;
            using (LanguageModel loaded = LanguageModel.Load(NamedModel.Locate(parsed.GetValue(model), terminal, cancellationToken), new LoadOptions { Parallel = many, Threads = (int)(parsed.GetValue(threads) ?? 0), KvType = cache.Read(parsed) }))
            using (var status = new StatusLine(terminal))
                results = await ExactMatch.RunAsync(loaded, questions, many, new Answered(status, questions.Count), cancellationToken).ConfigureAwait(false);
            Print(results, terminal);
            if (parsed.GetValue(misses)) PrintMisses(results, terminal);
            return ExitCode.Success;
        });
        return verb;
    }

    private static void Print(IReadOnlyList<ExactResult> results, Terminal terminal)
    {
        terminal.Out.WriteLine("| skill | questions | right | share |");
        terminal.Out.WriteLine("|---|---:|---:|---:|");
        foreach (IGrouping<string, ExactResult> skill in results.GroupBy(result => result.Question.Skill)) Row(skill.Key, [.. skill]);
        Row("together", results);

        void Row(string name, IReadOnlyList<ExactResult> rows)
        {
            int right = rows.Count(row => row.IsRight);
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {rows.Count} | {right} | {100.0 * right / rows.Count:0.0}% |"));
        }
    }

    private static void PrintMisses(IReadOnlyList<ExactResult> results, Terminal terminal)
    {
        foreach (ExactResult miss in results.Where(result => !result.IsRight))
        {
            terminal.Out.WriteLine($"\n{miss.Question.Skill}: {miss.Question.Turns[^1].Content?.Split('\n')[^1]}");
            terminal.Out.WriteLine($"  right: {miss.Question.Answer.ReplaceLineEndings("\\n")}");
            terminal.Out.WriteLine($"  said:  {miss.Said.ReplaceLineEndings("\\n")}");
        }
    }

    private sealed class Answered(StatusLine status, int count) : IProgress<int>
    {
        public void Report(int value)
        {
            lock (status) status.Show(string.Create(CultureInfo.InvariantCulture, $"{value} of {count} answered"));
        }
    }
}
