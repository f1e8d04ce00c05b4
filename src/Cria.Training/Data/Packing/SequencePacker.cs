using System.Globalization;
using System.Runtime.InteropServices;
using Cria.Chat;
using Cria.Corpora;
using Cria.Generation;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Training.Data.Packing;

/// <summary>
/// Makes long sequences from many documents, as in SlimPajama's recipe for long contexts (arXiv 2402.10171): long documents are drawn more often within each source, all are put one behind
/// the other with the tokens that begin and end a text between them, and the whole is cut to length. Conversations are packed apart, whole, in sequences of their own.
/// Memory: twelve bytes a document; the tokens wait in a file beside the result.
/// </summary>
public sealed class SequencePacker
{
    private readonly ExampleEncoder encoder;
    private readonly PackOptions options;
    private readonly List<string> sources = [];
    private readonly List<int> chat = [];
    private readonly List<bool> learn = [];
    private long conversations, skipped, chatSequences, restTokens;

    private SequencePacker(ExampleEncoder encoder, PackOptions options) => (this.encoder, this.options) = (encoder, options);

    /// <summary>Packs a corpus into a file of JSON lines, which appears when it is whole.</summary>
    /// <exception cref="CriaException">A file cannot be read or written, a conversation is too long (file and line are named), or the corpus does not fill one sequence.</exception>
    public static PackSummary Write(Corpus corpus, Tokenizer tokenizer, ChatTemplate template, string path, PackOptions options, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        var packer = new SequencePacker(new ExampleEncoder(tokenizer, template, options.TrainOnInputs), options);
        PackSummary? summary = null;
        using var spool = new TokenSpool($"{path}.{Environment.ProcessId}.tokens");
        PendingFile.Write(path, stream =>
        {
            var writer = new SequenceWriter(stream);
            packer.Read(corpus, spool, writer, progress, cancellationToken);
            summary = packer.WriteTexts(spool, writer, cancellationToken);
        });
        return summary!;
    }

    /// <summary>Copies of a document that its source's shares ask for: as many as the whole part of <paramref name="times"/>, and one more with a chance of the rest.</summary>
    internal static int Copies(double times, ulong seed, int document)
    {
        double whole = Math.Floor(times);
        return (int)whole + (CounterRandom.Uniform(seed, Shuffle.Copies, (ulong)document) < times - whole ? 1 : 0);
    }

    private void Read(Corpus corpus, TokenSpool spool, SequenceWriter writer, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (Document document in corpus.Read(progress))
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (document)
            {
                case TextDocument { Text: "", IsFirst: true, IsLast: true }:
                    break;
                case TextDocument text:
                    if (text.IsFirst)
                    {
                        string name = document.Source ?? Path.GetFileName(document.Place[..Math.Max(0, document.Place.LastIndexOf(':'))]);
                        if (!numbers.TryGetValue(name, out int number))
                        {
                            numbers.Add(name, number = sources.Count);
                            sources.Add(name);
                        }
                        spool.Begin(number);
                        if (encoder.Beginning is { } beginning) spool.Write([beginning]);
                    }
                    spool.Write(encoder.Encode(text));
                    if (text.IsLast && encoder.End is { } end) spool.Write([end]);
                    break;
                case ConversationDocument conversation:
                    AddChat(document, encoder.Encode(conversation), writer);
                    break;
                case SegmentedDocument segmented:
                    AddChat(document, encoder.Encode(segmented), writer);
                    break;
                default:
                    throw new CriaException($"{document.Place}: the sequence is packed already; train on it, or pack the texts it was made from");
            }
        }
        EndChat(writer);
    }

    private void AddChat(Document document, TrainingExample example, SequenceWriter writer)
    {
        int most = options.Length + 1;
        if (example.Tokens.Length > most)
        {
            if (!options.SkipTooLong) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{document.Place}: the {(document is ConversationDocument ? "conversation" : "text in segments")} has {example.Tokens.Length} tokens, but a sequence only {options.Length}; choose longer sequences, or leave out what is too long"));
            skipped++;
            return;
        }
        if (chat.Count + example.Tokens.Length > most) EndChat(writer);
        chat.AddRange(example.Tokens);
        for (int i = 0; i < example.Tokens.Length; i++) learn.Add(example.InLoss?[i] ?? true);
        conversations++;
    }

    private void EndChat(SequenceWriter writer)
    {
        if (chat.Count == 0) return;
        writer.Write(CollectionsMarshal.AsSpan(chat), CollectionsMarshal.AsSpan(learn));
        chatSequences++;
        chat.Clear();
        learn.Clear();
    }

    private PackSummary WriteTexts(TokenSpool spool, SequenceWriter writer, CancellationToken cancellationToken)
    {
        SourceShares shares = SourceShares.Of(spool, sources.Count, options);
        var order = new List<int>();
        for (int i = 0; i < spool.Count; i++)
        {
            int copies = Copies(shares.Times(spool.Source(i), spool.Length(i)), options.Seed, i);
            shares.Draw(spool.Source(i), spool.Length(i), copies);
            for (int copy = 0; copy < copies; copy++) order.Add(i);
        }
        Shuffle.Draw(CollectionsMarshal.AsSpan(order), options.Seed, Shuffle.Rows);
        long sequences = 0;
        var sequence = new int[options.Length + 1];
        int filled = 0;
        foreach (int document in order)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (long at = 0, length = spool.Length(document); at < length;)
            {
                int count = (int)Math.Min(length - at, sequence.Length - filled);
                spool.Read(document, at, sequence.AsSpan(filled, count));
                at += count;
                filled += count;
                if (filled < sequence.Length) break;
                writer.Write(sequence);
                sequences++;
                // The last token is foretold here and begins the next.
                sequence[0] = sequence[^1];
                filled = 1;
            }
        }
        restTokens = sequences > 0 ? filled - 1 : filled;
        if (sequences + chatSequences == 0)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"the corpus has {restTokens} tokens, which do not fill one sequence of {options.Length}; add texts or choose shorter sequences"));
        return new PackSummary(sequences, chatSequences, conversations, skipped, restTokens, shares.Summary(sources));
    }
}
