using System.CommandLine;
using Cria.Cli.Needles;
using Cria.Cli.Options;
using Cria.Cli.Ruler;
using Cria.Evaluation.Ruler;

namespace Cria.Cli.Commands;

/// <summary><c>cria eval ruler</c>: RULER's needle tasks and variable tracking.</summary>
internal static class EvalRulerCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptions();
        var tasks = new Option<string[]>("--tasks") { HelpName = "NAME,…", Description = $"Tasks to run (default all): {string.Join(", ", RulerTask.All.Select(task => task.Name))}.", Arity = ArgumentArity.OneOrMore };
        Option<IReadOnlyList<int>> lengths = Numbers.List("--lengths", [], "TOKENS,…", "Lengths of prompt and answer together; by default halves of the model's context, down to 4096.", [], 1);
        Option<long?> samples = Numbers.Integer("--samples", [], "N", "Samples of each task at each length (default 20; RULER takes 500).", 1, 100000);
        Option<ulong?> seed = Numbers.Unsigned("--seed", "N", "Where the random numbers begin (default 42).");
        var chat = new Option<bool>("--chat") { Description = "Ask through the model's chat template." };
        Option<string?> haystack = NiahFlags.HaystackOption();
        haystack.Description = "Essays to hide in: the folder's .txt files, one after another. Five of the tasks need them.";
        Option<long?> parallel = Numbers.Integer("--parallel", [], "N", "Samples in hand at a time (default 4).", 1, 1024);
        var output = new Option<string?>("--output", "-o") { HelpName = "FOLDER", Description = "Write ruler.json and ruler.csv there, and each answer as it comes: the same command goes on where it was interrupted." };
        var asJson = new Option<bool>("--json") { Description = "Print one JSON object." };
        var verb = new Verb("ruler", "Run RULER's needle tasks and variable tracking.")
        {
            Details = "Single, multi-key, multi-value and multi-query needles and variable tracking with RULER's templates and its score: the share of the right answers that stand in what the model writes, in percent. "
                + "Samples are made here, with words of our own and the essays you name, so they are of RULER's kind, not the same.",
        };
        model.AddTo(verb);
        verb.Add("Tasks", tasks, lengths, samples, seed, chat, haystack, parallel);
        verb.Add("Results", output, asJson);
        verb.Example("cria eval ruler -m llama-1048k.gguf --lengths 4096,8192,16384 --haystack-dir essays -o ruler", "Nine tasks at three lengths, 20 samples each.");
        verb.Example("cria eval ruler -m llama.gguf --tasks niah_single_1,vt --lengths 4096 --samples 100", "Two tasks that need no essays.");
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            string[] names = [.. (parsed.GetValue(tasks) ?? []).SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
            var options = new RulerOptions
            {
                Tasks = names.Length == 0 ? RulerTask.All : [.. names.Select(RulerTask.Parse).DistinctBy(task => task.Name)],
                Lengths = [.. parsed.GetValue(lengths)!.Order().Distinct()],
                Samples = (int)(parsed.GetValue(samples) ?? 20),
                Seed = parsed.GetValue(seed) ?? 42,
                IsChat = parsed.GetValue(chat),
            };
            await RulerRun.RunAsync(model, options, parsed.GetValue(haystack), (int)(parsed.GetValue(parallel) ?? 4), parsed.GetValue(output), parsed.GetValue(asJson), parsed, terminal, cancellationToken).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return verb;
    }
}
