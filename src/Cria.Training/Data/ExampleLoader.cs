using System.Globalization;
using System.Runtime.ExceptionServices;
using Cria.Chat;
using Cria.Corpora;
using Cria.Tensors;
using Cria.Tokenization;

namespace Cria.Training.Data;

/// <summary>Tokenizes a corpus on all cores. Texts longer than a row are cut into pieces that fill one; a conversation stays whole, and so does a text in segments.</summary>
public sealed class ExampleLoader
{
    private const int BatchCharacters = 4 << 20, BatchDocuments = 4096;

    private readonly ExampleEncoder encoder;
    private readonly ExampleOptions options;
    private readonly ExampleStore store = new();
    private readonly List<int> text = [];

    private ExampleLoader(ExampleEncoder encoder, ExampleOptions options)
    {
        this.encoder = encoder;
        this.options = options;
    }

    /// <summary>Reads and tokenizes every document.</summary>
    /// <param name="corpus">The files.</param>
    /// <param name="tokenizer">The model's vocabulary.</param>
    /// <param name="template">The model's chat template.</param>
    /// <param name="options">Row length, and what is learnt.</param>
    /// <param name="progress">Hears the bytes read.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="CriaException">A file cannot be read, a line is no document, a conversation is longer than a row (file and line are named), or there is nothing to learn.</exception>
    public static ExampleStore Load(Corpus corpus, Tokenizer tokenizer, ChatTemplate template, ExampleOptions options, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        return Load(corpus.Read(progress), string.Join(", ", corpus.Files.Take(3)), tokenizer, template, options, cancellationToken);
    }

    /// <summary>Tokenizes documents, wherever they come from.</summary>
    /// <param name="documents">The documents.</param>
    /// <param name="place">Where they come from, for messages.</param>
    /// <param name="tokenizer">The model's vocabulary.</param>
    /// <param name="template">The model's chat template.</param>
    /// <param name="options">Row length, and what is learnt.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="CriaException">A conversation is longer than a row, or there is nothing to learn.</exception>
    public static ExampleStore Load(IEnumerable<Document> documents, string place, Tokenizer tokenizer, ChatTemplate template, ExampleOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(options);
        if (options.RowLength < 1) throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"rows of {options.RowLength} tokens hold nothing; choose 1 or more"));
        var loader = new ExampleLoader(new ExampleEncoder(tokenizer, template, options.TrainOnInputs), options);
        List<Document> batch = [];
        long characters = 0;
        foreach (Document document in documents)
        {
            batch.Add(document);
            characters += Characters(document);
            if (characters < BatchCharacters && batch.Count < BatchDocuments) continue;
            loader.Add(batch, cancellationToken);
            batch.Clear();
            characters = 0;
        }
        loader.Add(batch, cancellationToken);
        return loader.store.LearntCount > 0 ? loader.store : throw new CriaException($"{place}: there is nothing to learn from in the corpus; name files with text");
    }

    private static long Characters(Document document) => document switch
    {
        TextDocument piece => piece.Text.Length,
        SegmentedDocument segmented => segmented.Segments.Sum(segment => segment.Text.Length),
        ConversationDocument conversation => conversation.Turns.Sum(turn => turn.Content?.Length ?? 0),
        TokenDocument sequence => sequence.Tokens.Length,
        _ => 0,
    };

    private static string Kind(Document document) => document switch
    {
        TokenDocument => "sequence",
        SegmentedDocument => "text in segments",
        _ => "conversation",
    };

    private void Add(List<Document> batch, CancellationToken cancellationToken)
    {
        var encoded = new (TrainingExample? Example, Exception? Failure)[batch.Count];
        Parallel.For(0, batch.Count, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            try
            {
                encoded[i].Example = batch[i] switch
                {
                    ConversationDocument conversation => encoder.Encode(conversation),
                    TokenDocument sequence => encoder.Encode(sequence),
                    SegmentedDocument segmented => encoder.Encode(segmented),
                    TextDocument piece => new TrainingExample(encoder.Encode(piece)),
                    _ => throw new NotSupportedException($"{batch[i].GetType()}"),
                };
            }
            catch (CriaException failure)
            {
                encoded[i].Failure = failure;
            }
        });
        for (int i = 0; i < batch.Count; i++)
        {
            if (encoded[i].Failure is { } failure) ExceptionDispatchInfo.Throw(failure);
            if (batch[i] is TextDocument piece) AddText(piece, encoded[i].Example!.Tokens);
            else AddWhole(batch[i], encoded[i].Example!);
        }
    }

    private void AddWhole(Document document, TrainingExample example)
    {
        if (example.Tokens.Length - 1 <= options.RowLength)
        {
            store.Add(example.Tokens, example.InLoss);
            return;
        }
        if (!options.SkipTooLong)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{document.Place}: the {Kind(document)} has {example.Tokens.Length} tokens, but a row only {options.RowLength}; shorten it, train with a longer context, or leave out what is too long"));
        store.SkippedCount++;
    }

    /// <summary>Cuts a text into rows. Each piece repeats the last token of the one before, so that every token is learnt once.</summary>
    private void AddText(TextDocument piece, int[] tokens)
    {
        if (piece.IsFirst)
        {
            if (piece.IsLast && tokens.Length == 0) return;
            text.Clear();
            if (encoder.Beginning is { } beginning) text.Add(beginning);
        }
        text.AddRange(tokens);
        if (piece.IsLast && encoder.End is { } end) text.Add(end);
        ReadOnlySpan<int> rest = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(text);
        while (rest.Length > options.RowLength + 1)
        {
            store.Add(rest[..(options.RowLength + 1)]);
            rest = rest[options.RowLength..];
        }
        if (piece.IsLast && rest.Length > 1) store.Add(rest);
        text.RemoveRange(0, text.Count - rest.Length);
    }
}
