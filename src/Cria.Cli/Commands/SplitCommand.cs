using System.CommandLine;
using System.Globalization;
using Cria.Packing;
using Cria.Tensors.Formats;

namespace Cria.Cli.Commands;

/// <summary><c>cria split</c>: parts from one file.</summary>
internal static class SplitCommand
{
    private const string Suffix = ".gguf";

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var input = new Argument<string>("in") { HelpName = "IN", Description = "The model to split." };
        var output = new Argument<string?>("name") { HelpName = "NAME", Description = "How the parts' names begin, with folder; by default the model's name.", Arity = ArgumentArity.ZeroOrOne };
        var size = new Option<long>("--size", "-s")
        {
            HelpName = "SIZE",
            Description = "Most bytes in a part, such as 5G or 500M.",
            DefaultValueFactory = _ => 5_000_000_000,
            CustomParser = result =>
            {
                if (TryParseSize(result.Tokens[0].Value, out long bytes)) return bytes;
                result.AddError($"--size wants a number of bytes such as 5G or 500M, not '{result.Tokens[0].Value}'");
                return 0;
            },
        };
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
            IReadOnlyList<string> parts = [];
            ProgressBar.Run(terminal, "splitting", progress =>
            {
                if (parsed.GetValue(cut))
                {
                    parts = FileParts.Cut(path, stem, parsed.GetValue(size), progress, cancellationToken);
                    return;
                }
                using ITensorSource source = ModelSource.Open(path);
                parts = FileParts.SplitGguf(source, stem.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? stem[..^Suffix.Length] : stem, parsed.GetValue(size), progress, cancellationToken);
            });
            foreach (string part in parts) terminal.Out.WriteLine($"{part}: {Quantity.Bytes(new FileInfo(part).Length)}");
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static bool TryParseSize(string text, out long bytes)
    {
        long unit = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 1_000, 'M' => 1_000_000, 'G' => 1_000_000_000, 'T' => 1_000_000_000_000, _ => 1 };
        bool isNumber = double.TryParse(unit > 1 ? text.AsSpan(0, text.Length - 1) : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        bytes = isNumber && number * unit is >= 1 and < long.MaxValue ? (long)(number * unit) : 0;
        return bytes > 0;
    }
}
