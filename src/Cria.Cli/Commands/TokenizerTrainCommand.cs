using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Cria.Cli.Options;
using Cria.Corpora;
using Cria.Packing;
using Cria.Tokenization;
using Cria.Tokenization.Training;

namespace Cria.Cli.Commands;

/// <summary><c>cria tokenizer train</c>: a vocabulary from a corpus.</summary>
internal static class TokenizerTrainCommand
{
    private const int DefaultSize = 32768;

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var corpus = new Argument<string[]>("corpus") { HelpName = "CORPUS", Arity = ArgumentArity.OneOrMore, Description = "Files to learn from, or folders of such: plain text, or JSON lines with text or conversations." };
        var output = new Option<string>("--output", "-o") { HelpName = "OUT", Required = true, Description = "Where to write: a name ending in .gguf, or in .model for tiktoken's form." };
        Option<long?> size = Numbers.Integer("--vocab", ["-n"], "N", string.Create(CultureInfo.InvariantCulture, $"Tokens in all, special ones included; by default {DefaultSize}."), 1, 1 << 24);
        Option<Specials?> special = Numbers.Choice("--special", "Special tokens: llama3 has 256 (default), llama3.1 the same with its new names, few only the five that prompts are made of.",
            ("llama3", Specials.Llama3), ("llama3.1", Specials.Llama31), ("few", Specials.Few));
        Option<long?> least = Numbers.Integer("--min-count", [], "N", "Pairs that occur less often never become a token; by default 2.", 1, int.MaxValue);
        var verb = new Verb("train", "Learn a byte-level vocabulary from a corpus, with Llama 3's pattern and special tokens.")
        {
            Details = "The same corpus always gives the same vocabulary. JSON lines may be {\"text\"}, {\"messages\"}, {\"conversations\"} or {\"instruction\", \"input\", \"output\"}.",
        };
        verb.Arguments.Add(corpus);
        verb.Add("Options", output, size, special, least);
        verb.Example("cria tokenizer train books/ -o books.gguf --vocab 8192", "From all text files of a folder.");
        verb.Example("cria tokenizer train chats.jsonl stories.txt -o tokenizer.model", "In tiktoken's form, as Meta's folders have it.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(output);
            Specials chosen = parsed.GetValue(special) ?? Specials.Llama3;
            if (!VocabularyFile.IsTiktoken(path) && !path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) throw new UsageException($"--output wants a name ending in .gguf or .model, not '{path}'");
            if (VocabularyFile.IsTiktoken(path) && chosen != Specials.Llama3) throw new UsageException("--special goes with a .gguf file; tiktoken's form leaves special tokens to its readers, who add Llama 3's");
            var trainer = new BytePairTrainer(new BytePairTrainerOptions
            {
                VocabularySize = (int)(parsed.GetValue(size) ?? DefaultSize),
                MinimumCount = (int)(parsed.GetValue(least) ?? 2),
                SpecialTokens = chosen switch { Specials.Llama31 => Llama3SpecialTokens.Llama31, Specials.Few => Llama3SpecialTokens.Essential, _ => Llama3SpecialTokens.Original },
            });
            Train(trainer, Corpus.Open(parsed.GetRequiredValue(corpus)), path, (int)(parsed.GetValue(size) ?? DefaultSize), terminal, cancellationToken);
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static void Train(BytePairTrainer trainer, Corpus corpus, string path, int wanted, Terminal terminal, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        long bytes = corpus.ByteCount;
        BytePairTokenizer tokenizer;
        using (var status = new StatusLine(terminal))
        {
            var reading = new Heard<long>(done => status.Show($"reading: {Quantity.Bytes(done)} of {Quantity.Bytes(bytes)}"), cancellationToken);
            foreach (Document document in corpus.Read(reading)) Add(trainer, document);
            var merging = new Heard<int>(done => status.Show(string.Create(CultureInfo.InvariantCulture, $"merging: {done} of {wanted} tokens")), cancellationToken);
            status.Show("merging");
            tokenizer = trainer.Train(merging, cancellationToken);
        }
        VocabularyFile.Write(path, tokenizer);
        string smaller = tokenizer.VocabularySize < wanted ? string.Create(CultureInfo.InvariantCulture, $" (the corpus repeats too little for {wanted})") : "";
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {tokenizer.VocabularySize} tokens{smaller} from {Quantity.Bytes(bytes)} of corpus, {clock.Elapsed.TotalSeconds:0.0} s"));
    }

    /// <summary>Counts a conversation's words as its prompt will have them: role, blank line, text.</summary>
    private static void Add(BytePairTrainer trainer, Document document)
    {
        switch (document)
        {
            case TextDocument text:
                trainer.Add(text.Text);
                break;
            case SegmentedDocument segmented:
                foreach (DocumentSegment segment in segmented.Segments) trainer.Add(segment.Text);
                break;
            case ConversationDocument conversation:
                foreach (Chat.ChatTurn turn in conversation.Turns)
                {
                    trainer.Add(turn.Role);
                    trainer.Add("\n\n");
                    trainer.Add(turn.Content);
                }
                break;
        }
    }

    private enum Specials
    {
        Llama3,
        Llama31,
        Few,
    }

    /// <summary>Passes reports on a few times a second, on the thread that makes them, and stops the work when the user has had enough.</summary>
    private sealed class Heard<T>(Action<T> show, CancellationToken cancellationToken) : IProgress<T>
    {
        private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

        private long shown;

        public void Report(T value)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (shown != 0 && Stopwatch.GetElapsedTime(shown) < Pace) return;
            shown = Stopwatch.GetTimestamp();
            show(value);
        }
    }
}
