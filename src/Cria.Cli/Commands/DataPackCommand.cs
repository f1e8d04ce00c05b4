using System.CommandLine;
using System.Globalization;
using Cria.Chat;
using Cria.Cli.Options;
using Cria.Corpora;
using Cria.Packing;
using Cria.Tensors.Formats;
using Cria.Tokenization;
using Cria.Training.Data.Packing;

namespace Cria.Cli.Commands;

/// <summary><c>cria data pack</c>: long sequences from many documents.</summary>
internal static class DataPackCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var corpus = new Argument<string[]>("corpus") { HelpName = "CORPUS", Arity = ArgumentArity.OneOrMore, Description = "Files of plain text or JSON lines, or folders of such." };
        var model = new Option<string>("--model", "-m") { HelpName = "MODEL", Required = true, Description = "The model to be trained: its vocabulary and chat template." };
        var output = new Option<string>("--output", "-o") { HelpName = "OUT", Required = true, Description = "Where to write: a name ending in .jsonl, for 'cria train --data'." };
        Option<long?> length = Numbers.Integer("--length", ["-l"], "TOKENS", "Tokens of a row that a sequence fills: the --length or --context of 'cria train'.", 2, 1 << 24);
        length.Required = true;
        Option<long?> longFrom = Numbers.Integer("--long-from", [], "TOKENS", "From how many tokens on a document is long (default 4096).", 1, 1 << 30);
        Option<double?> longShare = Numbers.Real("--long-share", "X", "Draw long documents more often, until they have this share of each source's tokens (0.7 in SlimPajama's recipe); sources keep their shares.", 0, 0.99);
        Option<long?> tokens = Numbers.Integer("--tokens", [], "N", "Tokens of text to write; by default about as many as are read.", 1);
        var trainOnInputs = new Option<bool>("--train-on-inputs") { Description = "In conversations, learn what users say too." };
        var skipTooLong = new Option<bool>("--skip-too-long") { Description = "Leave out conversations longer than a sequence." };
        Option<ulong?> seed = Numbers.Unsigned("--seed", "N", "Decides the order, and who is drawn again (default 0).");
        var verb = new Verb("pack", "Make long sequences from many documents.")
        {
            Details = "Texts are put one behind the other in a drawn order, each with the tokens that begin and end it, and cut to length; attention goes across. Conversations are packed apart and stay whole. "
                + "A source is a file, or what a line's \"source\" or \"meta\" says. The tokens wait in a file beside the result, four bytes each.",
        };
        verb.Arguments.Add(corpus);
        verb.Add("Options", model, output, length, tokens, seed);
        verb.Add("Long documents", longFrom, longShare);
        verb.Add("Conversations", trainOnInputs, skipTooLong);
        verb.Example("cria data pack slimpajama/ -m llama.gguf -o long.jsonl --length 65536 --long-share 0.7", "Sequences of 64k, long documents drawn more often.");
        verb.Example("cria data pack ultrachat.jsonl -m llama.gguf -o chats.jsonl --length 65536", "Whole conversations, as many as fit in each sequence.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(output);
            if (!path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)) throw new UsageException($"--output wants a name ending in .jsonl, not '{path}'");
            var options = new PackOptions
            {
                Length = (int)parsed.GetRequiredValue(length)!.Value,
                LongFrom = (int)(parsed.GetValue(longFrom) ?? 4096),
                LongShare = parsed.GetValue(longShare),
                Tokens = parsed.GetValue(tokens),
                TrainOnInputs = parsed.GetValue(trainOnInputs),
                SkipTooLong = parsed.GetValue(skipTooLong),
                Seed = parsed.GetValue(seed) ?? 0,
            };
            PackSummary summary;
            using (ITensorSource source = ModelSource.Open(parsed.GetRequiredValue(model)))
            using (var status = new StatusLine(terminal))
            {
                Corpus files = Corpus.Open(parsed.GetRequiredValue(corpus));
                long bytes = files.ByteCount;
                summary = SequencePacker.Write(files, Tokenizer.FromMetadata(source.Metadata), ChatTemplate.FromMetadata(source.Metadata), path, options, new Reading(done => status.Show($"reading: {Quantity.Bytes(done)} of {Quantity.Bytes(bytes)}")), cancellationToken);
            }
            Print(summary, path, options, terminal);
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static void Print(PackSummary summary, string path, PackOptions options, Terminal terminal)
    {
        if (summary.Sources.Count > 0)
        {
            TextTable.Write(terminal, ["source", "documents", "tokens", $"{options.LongFrom} or more", "drawn", "of them long"], [.. summary.Sources.Select(source => (string[])
            [
                source.Name, Quantity.Exact(source.Documents), Quantity.Count(source.Tokens), Share(source.LongTokens, source.Tokens), Quantity.Count(source.WrittenTokens), Share(source.WrittenLongTokens, source.WrittenTokens),
            ])], rightAligned: -1);
        }
        if (summary.SkippedConversations > 0) terminal.Error.WriteLine($"{Quantity.Exact(summary.SkippedConversations)} conversations are longer than a sequence and were left out");
        if (summary.RestTokens > 0) terminal.Error.WriteLine($"the last {Quantity.Exact(summary.RestTokens)} tokens of text do not fill a sequence and were left out");
        string chat = summary.ChatSequences > 0 ? $", {Quantity.Exact(summary.ChatSequences)} of {Quantity.Exact(summary.Conversations)} conversations" : "";
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {Quantity.Exact(summary.TextSequences)} sequences of text{chat}, {options.Length} tokens each"));
    }

    private static string Share(long part, long whole) => whole == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / whole:F0}%");

    /// <summary>Hears on the thread that reports, a few times a second.</summary>
    private sealed class Reading(Action<long> show) : IProgress<long>
    {
        private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
        private readonly System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();

        public void Report(long value)
        {
            if (clock.Elapsed < Pace) return;
            clock.Restart();
            show(value);
        }
    }
}
