using System.CommandLine;
using Cria.Cli.Options;
using Cria.Packing;
using Cria.Tensors.Formats;

namespace Cria.Cli.Commands;

/// <summary><c>cria split</c>: parts from one file.</summary>
internal static class SplitCommand
{
    private const string Suffix = ".gguf";
    private const long DefaultBytes = 5_000_000_000;

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var input = new Argument<string>("in") { HelpName = "IN", Description = "The model to split." };
        var output = new Argument<string?>("name") { HelpName = "NAME", Description = "How the parts' names begin, with folder; by default the model's name.", Arity = ArgumentArity.ZeroOrOne };
        Option<long?> size = Numbers.Bytes("--size", ["-s"], "Most bytes in a part, such as 5G or 500M (default 5G).");
        var cut = new Option<bool>("--cut") { Description = "Cut into plain pieces NAME.cat0, NAME.cat1, … instead of GGUF parts that can be loaded as they are." };
        var verb = new Verb("split", "Take a model apart into several files.");
        verb.Arguments.Add(input);
        verb.Arguments.Add(output);
        verb.Add("Options", size, cut);
        verb.Example("cria split llama.gguf --size 5G", "llama-00001-of-00003.gguf and so on.");
        verb.Example("cria split llama.llamafile --cut --size 50G", "llama.llamafile.cat0 and so on.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(input);
            string stem = parsed.GetValue(output) ?? path;
            long bytes = parsed.GetValue(size) ?? DefaultBytes;
            IReadOnlyList<string> parts = [];
            ProgressBar.Run(terminal, "splitting", progress =>
            {
                if (parsed.GetValue(cut))
                {
                    parts = FileParts.Cut(path, stem, bytes, progress, cancellationToken);
                    return;
                }
                using ITensorSource source = ModelSource.Open(path);
                parts = FileParts.SplitGguf(source, stem.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? stem[..^Suffix.Length] : stem, bytes, progress, cancellationToken);
            });
            foreach (string part in parts) terminal.Out.WriteLine($"{part}: {Quantity.Bytes(new FileInfo(part).Length)}");
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }
}
