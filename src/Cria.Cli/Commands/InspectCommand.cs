using System.CommandLine;
using Cria.Cli.Inspection;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Packing;
using Cria.Packing.OneFile;
using Cria.Tensors.Formats;

namespace Cria.Cli.Commands;

/// <summary><c>cria inspect</c>: what is in a model file.</summary>
internal static class InspectCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("model") { HelpName = "MODEL", Description = "The model: a GGUF file, a folder as Hugging Face and Meta have them, a packed file, or the name of a pulled one." };
        Option<long?> context = Numbers.Integer("--context", ["-c"], "TOKENS", "Reckon memory for this many tokens; by default the model's own context.", 1, 1L << 40);
        var cache = new CacheOptions();
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor with its type and shape." };
        var all = new Option<bool>("--full") { Description = "Print long texts and arrays whole." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var verb = new Verb("inspect", "Show what is in a model file: shape, weights, tokenizer, settings, memory needed.")
        {
            Details = "Nothing is loaded: a file of any size answers at once.",
        };
        verb.Arguments.Add(model);
        verb.Add("Options", [context, .. cache.All, tensors, all, json]);
        verb.Example("cria inspect llama.gguf", "The summary and all settings.");
        verb.Example("cria inspect llama.gguf -c 32768", "Memory needed for a context of 32768 tokens.");
        verb.Example("cria inspect llama.gguf --json --tensors | jq .tensors[0]", "For programs.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = NamedModel.Locate(parsed.GetRequiredValue(model), terminal, cancellationToken);
            using ITensorSource source = ModelSource.Open(path);
            PackedFile? packed = File.Exists(path) ? PackedFile.TryOpen(path) : null;
            ModelSummary summary = ModelSummary.From(source);
            long tokens = parsed.GetValue(context) ?? summary.Config?.ContextLength ?? 0;
            var view = new InspectionView(source, summary, tokens, cache.Read(parsed), parsed.GetValue(all), packed);
            if (parsed.GetValue(json)) InspectionJson.Write(view, parsed.GetValue(tensors), terminal.Out);
            else InspectionText.Write(view, parsed.GetValue(tensors), terminal);
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }
}
