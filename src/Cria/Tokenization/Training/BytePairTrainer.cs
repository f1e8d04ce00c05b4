using System.Buffers;
using System.Globalization;
using System.Text.Unicode;
using Cria.Tensors;

namespace Cria.Tokenization.Training;

/// <summary>
/// Learns a byte-level vocabulary from a corpus as Llama 3's was learned: text is cut into words by its pattern, and the most frequent pair of neighbouring
/// tokens inside words becomes a token, again and again. Equal counts are decided by the lower ids, so the same corpus always gives the same vocabulary.
/// Counts are kept up to date merge by merge; memory grows with the number of different words.
/// </summary>
public sealed class BytePairTrainer
{
    // A longer run without a break is counted in parts, so that one merge never rewrites megabytes.
    private const int LongestWord = 1024;

    private readonly BytePairTrainerOptions options;
    private readonly WordCounts corpus = new();

    /// <summary>Begins with an empty corpus.</summary>
    /// <exception cref="CriaException">The vocabulary asked for has no room for the 256 bytes and the special tokens, or special tokens repeat.</exception>
    public BytePairTrainer(BytePairTrainerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        int least = 256 + options.SpecialTokens.Count;
        if (options.VocabularySize < least)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"a vocabulary of {options.VocabularySize} has no room for 256 bytes and {options.SpecialTokens.Count} special tokens; ask for {least} or more"));
        if (options.SpecialTokens.Distinct(StringComparer.Ordinal).Count() != options.SpecialTokens.Count || options.SpecialTokens.Contains(""))
            throw new CriaException("the special tokens of a vocabulary must differ and not be empty; name each once");
        this.options = options;
    }

    /// <summary>Learns a vocabulary from texts.</summary>
    /// <exception cref="CriaException">The corpus is empty or the options contradict each other.</exception>
    public static BytePairTokenizer Train(IEnumerable<string> corpus, BytePairTrainerOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        BytePairTrainer trainer = new(options);
        foreach (string text in corpus)
        {
            cancellation.ThrowIfCancellationRequested();
            trainer.Add(text);
        }
        return trainer.Train(progress: null, cancellation);
    }

    /// <summary>Adds a text to the corpus. No token reaches from one text into the next.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(checked(text.Length * 3));
        Utf8.FromUtf16(text, rented, out _, out int length, replaceInvalidSequences: true);
        ReadOnlySpan<byte> utf8 = rented.AsSpan(0, length);
        for (int start = 0; start < utf8.Length;)
        {
            int end = Llama3Splitter.End(utf8, start);
            while (end - start > LongestWord)
            {
                int cut = start + LongestWord;
                while ((utf8[cut] & 0xC0) == 0x80)
                    cut--;
                corpus.Add(utf8[start..cut]);
                start = cut;
            }
            corpus.Add(utf8[start..end]);
            start = end;
        }
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Learns the vocabulary from the texts added so far.</summary>
    /// <param name="progress">Told the number of text tokens now and then.</param>
    /// <param name="cancellation">Ends the training early with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The tokenizer; smaller than asked for where the corpus has too few repeated pairs.</returns>
    /// <exception cref="CriaException">The corpus is empty.</exception>
    public BytePairTokenizer Train(IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        if (corpus.Count == 0)
            throw new CriaException("the corpus is empty, so there is nothing to learn a vocabulary from; name files with text");
        List<byte[]> tokens = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }).OrderBy(token => ByteAlphabet.Spell(token)[0])];
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Count; id++)
            ids.Add(ByteAlphabet.Spell(tokens[id]), id);
        Words words = new(corpus, tokens);
        PairCounts pairs = words.Count();
        int wanted = options.VocabularySize - options.SpecialTokens.Count;
        List<int> touched = [];
        while (tokens.Count < wanted && pairs.TryTake(Math.Max(1, options.MinimumCount), out int left, out int right, touched))
        {
            cancellation.ThrowIfCancellationRequested();
            byte[] merged = [.. tokens[left], .. tokens[right]];
            // Two ways to spell one text are one token.
            if (ids.TryAdd(ByteAlphabet.Spell(merged), tokens.Count))
                tokens.Add(merged);
            words.Merge(pairs, touched, left, right, ids[ByteAlphabet.Spell(merged)]);
            if (tokens.Count % 256 == 0)
                progress?.Report(tokens.Count);
        }
        return BytePairTokenizer.FromRanks("the trained vocabulary", [.. tokens.Select(token => (ReadOnlyMemory<byte>)token)], options.SpecialTokens);
    }

    /// <summary>The corpus as symbols: the different words and how often each occurs.</summary>
    private sealed class Words
    {
        private readonly int[] symbols;
        private readonly int[] starts;
        private readonly int[] lengths;
        private readonly long[] times;

        public Words(WordCounts corpus, List<byte[]> bytes)
        {
            int[] symbolOf = new int[256];
            for (int id = 0; id < 256; id++)
                symbolOf[bytes[id][0]] = id;
            starts = new int[corpus.Count];
            lengths = new int[corpus.Count];
            times = new long[corpus.Count];
            int total = 0;
            for (int word = 0; word < corpus.Count; word++)
            {
                starts[word] = total;
                lengths[word] = corpus.Word(word).Length;
                times[word] = corpus.Times(word);
                total += lengths[word];
            }
            symbols = new int[total];
            for (int word = 0; word < corpus.Count; word++)
            {
                ReadOnlySpan<byte> text = corpus.Word(word);
                for (int i = 0; i < text.Length; i++)
                    symbols[starts[word] + i] = symbolOf[text[i]];
            }
        }

        /// <summary>The pairs of all words.</summary>
        public PairCounts Count()
        {
            PairCounts pairs = new();
            for (int word = 0; word < starts.Length; word++)
            {
                ReadOnlySpan<int> line = symbols.AsSpan(starts[word], lengths[word]);
                for (int i = 0; i + 1 < line.Length; i++)
                    pairs.Add(line[i], line[i + 1], times[word], word);
            }
            pairs.Queue();
            return pairs;
        }

        /// <summary>Replaces a pair in the given words from left to right, and brings the counts of its neighbours up to date.</summary>
        public void Merge(PairCounts pairs, List<int> touched, int left, int right, int merged)
        {
            int last = -1;
            foreach (int word in touched)
            {
                if (word == last)
                    continue;
                last = word;
                Span<int> line = symbols.AsSpan(starts[word], lengths[word]);
                long count = times[word];
                int kept = 0;
                for (int i = 0; i < line.Length; i++)
                {
                    if (line[i] != left || i + 1 == line.Length || line[i + 1] != right)
                    {
                        line[kept++] = line[i];
                        continue;
                    }
                    if (kept > 0)
                    {
                        pairs.Add(line[kept - 1], left, -count, word);
                        pairs.Add(line[kept - 1], merged, count, word);
                    }
                    if (i + 2 < line.Length)
                    {
                        pairs.Add(right, line[i + 2], -count, word);
                        pairs.Add(merged, line[i + 2], count, word);
                    }
                    line[kept++] = merged;
                    i++;
                }
                lengths[word] = kept;
            }
            pairs.Remove(left, right);
            pairs.Queue();
        }
    }
}
