using System.CommandLine;
using Cria.Cli.Needles;
using Cria.Cli.Options;

namespace Cria.Cli.Commands;

/// <summary><c>cria eval niah</c>: a needle in a haystack, at every length and depth.</summary>
internal static class EvalNiahCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptions();
        var flags = new NiahFlags();
        var output = new Option<string?>("--output", "-o") { HelpName = "FOLDER", Description = "Write report.html, heatmap.svg, results.json and results.csv there, and each result as it comes: the same command goes on where it was interrupted." };
        var asJson = new Option<bool>("--json") { Description = "Print one JSON object." };
        var verb = new Verb("niah", "Find a needle in a haystack, at every length and depth.")
        {
            Details = "A number is hidden at some depth of a long text and asked for at its end. The prompt and the score are EasyContext's, the options' names those of the Gradient model cards. "
                + "Two scores: teacher-forced (with the right answer before it, every token of the number is the likeliest) and written freely. Contexts beyond the model's own may be asked for.",
        };
        model.AddTo(verb);
        flags.AddTo(verb);
        verb.Add("Results", output, asJson);
        verb.Example("cria eval niah -m llama-65k.gguf --haystack-dir essays -o map", "Eight lengths up to the model's context, six depths.");
        verb.Example("cria eval niah -m llama-1048k.gguf --max-context-length 1040200 --min-context-length 100 --context-interval 86675 --depth-interval 0.2 --rnd-number-digits 8 --haystack-dir essays --generator-tokens 150000 -o map", "The settings of the 1048k model card.");
        verb.Example("cria eval niah --chat --max-context-length 2048 --needle \" Anna's secret number is {}.\" --prefix \"\" --question \"\\nWhat is Anna's secret number?\" --lead-in \"Anna's secret number is\" --rnd-number-digits 5", "The model that ships with cria, in words that it knows.");
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            await NiahRun.RunAsync(model, flags, parsed.GetValue(output), parsed.GetValue(asJson), parsed, terminal, cancellationToken).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return verb;
    }
}
