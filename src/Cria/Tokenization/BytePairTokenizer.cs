using System.Buffers;
using System.Globalization;
using Cria.Tensors;

namespace Cria.Tokenization;

/// <summary>
/// Llama 3's tokenizer: text is cut into words, and inside each the bytes are merged pair by pair in the order of their ranks.
/// A word that is a token itself is that token, where the model says so.
/// </summary>
public sealed partial class BytePairTokenizer : Tokenizer
{
    private const int LongestOnStack = 256;

    private readonly MergeTable merges;
    private readonly bool wholeWords;
    private readonly int[] byteTokens = new int[256];
    private readonly PieceCache cache = new();

    private BytePairTokenizer(Vocabulary vocabulary, TokenizerConfig config, IReadOnlyCollection<MergeTable.Merge> merges, bool wholeWords)
        : base(vocabulary, config)
    {
        this.merges = new MergeTable(merges);
        this.wholeWords = wholeWords;
        for (int value = 0; value < 256; value++)
        {
            byteTokens[value] = vocabulary.Find([(byte)value]);
            if (byteTokens[value] < 0)
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{config.Source}: the vocabulary has no token for byte 0x{value:X2}, so not every text can be encoded; convert the model again"));
        }
    }

    private protected override void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, List<int> ids)
    {
        int start = 0;
        while (start < text.Length)
        {
            int end = Llama3Splitter.End(text, start);
            EncodeWord(text[start..end], ids);
            start = end;
        }
    }

    private void EncodeWord(ReadOnlySpan<byte> word, List<int> ids)
    {
        if (word.Length == 1)
        {
            ids.Add(byteTokens[word[0]]);
            return;
        }
        if (word.Length > PieceCache.LongestPiece && (!wholeWords || word.Length > Vocabulary.LongestText))
        {
            MergeWord(word, ids);
            return;
        }
        ulong hash = ByteHash.Of(word);
        int whole = wholeWords ? Vocabulary.Find(word, hash) : -1;
        if (whole >= 0)
        {
            ids.Add(whole);
            return;
        }
        ReadOnlySpan<int> known = cache.Find(word, hash);
        if (known.IsEmpty)
            cache.Add(word, hash, MergeWord(word, ids));
        else
            Append(ids, known);
    }

    /// <summary>Appends the ids of a word and returns them; the span is valid until the list changes.</summary>
    private ReadOnlySpan<int> MergeWord(ReadOnlySpan<byte> word, List<int> ids)
    {
        int[]? rented = word.Length > LongestOnStack ? ArrayPool<int>.Shared.Rent(word.Length) : null;
        Span<int> symbols = rented is null ? stackalloc int[LongestOnStack] : rented;
        symbols = symbols[..word.Length];
        for (int i = 0; i < word.Length; i++)
            symbols[i] = byteTokens[word[i]];
        int count = Merger.Merge(merges, symbols);
        Append(ids, symbols[..count]);
        if (rented is not null)
            ArrayPool<int>.Shared.Return(rented);
        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids)[^count..];
    }
}
