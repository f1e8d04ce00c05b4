using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Cria.Tensors;

namespace Cria.Tokenization;

/// <summary>
/// Llama 2's tokenizer: one space is put first, and characters are merged pair by pair, the pair whose token has the highest score first.
/// Characters without a token are spelt in byte tokens. Files write spaces as <c>▁</c> (U+2581), which therefore cannot be told from a space.
/// </summary>
public sealed partial class SentencePieceTokenizer : Tokenizer
{
    private const int LongestOnStack = 256;

    private readonly float[] scores;
    private readonly bool addsSpace;
    private readonly bool cutsAtSpaces;
    private readonly MergeTable merges;
    private readonly int[] byteTokens = new int[256];
    private readonly int unknown;
    private readonly PieceCache cache = new();

    // Characters that are no tokens themselves but halves of some; their symbols are numbered from the vocabulary's end.
    private readonly List<Rune> halves = [];
    private readonly Dictionary<Rune, int> halfOf = [];

    private SentencePieceTokenizer(Vocabulary vocabulary, TokenizerConfig config, float[] scores, bool addsSpace)
        : base(vocabulary, config)
    {
        this.scores = scores;
        this.addsSpace = addsSpace;
        Array.Fill(byteTokens, -1);
        unknown = -1;
        cutsAtSpaces = true;
        for (int id = vocabulary.Count - 1; id >= 0; id--)
        {
            switch (vocabulary.Kind(id))
            {
                case TokenKind.Byte:
                    byteTokens[vocabulary.Bytes(id)[0]] = id;
                    break;
                case TokenKind.Unknown:
                    unknown = id;
                    break;
                case TokenKind.Normal when HasInnerSpace(vocabulary.Bytes(id)):
                    cutsAtSpaces = false;
                    break;
            }
        }
        int missing = Array.IndexOf(byteTokens, -1);
        if (missing >= 0 && unknown < 0)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{config.Source}: the vocabulary has neither a token <0x{missing:X2}> nor one for unknown text, so not every text can be encoded; convert the model again"));
        merges = new MergeTable(MakeMerges());
    }

    private protected override bool AddsSpace => addsSpace;

    private protected override void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, List<int> ids)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(text.Length + 1);
        int length = 0;
        if (addsSpace && afterSpecial)
            rented[length++] = (byte)' ';
        ReadOnlySpan<byte> mark = "▁"u8;
        for (int next; (next = text.IndexOf(mark)) >= 0; text = text[(next + mark.Length)..])
        {
            text[..next].CopyTo(rented.AsSpan(length));
            length += next;
            rented[length++] = (byte)' ';
        }
        text.CopyTo(rented.AsSpan(length));
        length += text.Length;
        ReadOnlySpan<byte> spaced = rented.AsSpan(0, length);
        while (!spaced.IsEmpty)
        {
            int end = cutsAtSpaces ? WordEnd(spaced) : spaced.Length;
            EncodeWord(spaced[..end], ids);
            spaced = spaced[end..];
        }
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>The end of the first word with the spaces before it. No token reaches over it, so words merge as they would in the whole text.</summary>
    private static int WordEnd(ReadOnlySpan<byte> text)
    {
        int start = text.IndexOfAnyExcept((byte)' ');
        if (start < 0)
            return text.Length;
        int length = text[start..].IndexOf((byte)' ');
        return length < 0 ? text.Length : start + length;
    }

    private static bool HasInnerSpace(ReadOnlySpan<byte> token)
    {
        int start = token.IndexOfAnyExcept((byte)' ');
        return start >= 0 && token[start..].Contains((byte)' ');
    }

    private void EncodeWord(ReadOnlySpan<byte> word, List<int> ids)
    {
        if (word.Length > PieceCache.LongestPiece)
        {
            MergeWord(word, ids);
            return;
        }
        ulong hash = ByteHash.Of(word);
        ReadOnlySpan<int> known = cache.Find(word, hash);
        if (!known.IsEmpty)
        {
            Append(ids, known);
            return;
        }
        int before = ids.Count;
        MergeWord(word, ids);
        cache.Add(word, hash, CollectionsMarshal.AsSpan(ids)[before..]);
    }

    private void MergeWord(ReadOnlySpan<byte> word, List<int> ids)
    {
        int[]? rented = word.Length > LongestOnStack ? ArrayPool<int>.Shared.Rent(word.Length) : null;
        Span<int> symbols = rented is null ? stackalloc int[LongestOnStack] : rented;
        int count = 0;
        for (int at = 0; at < word.Length;)
        {
            Rune.DecodeFromUtf8(word[at..], out Rune character, out int length);
            int id = Vocabulary.Find(word.Slice(at, length));
            // A character that can never merge is its place, written as -2 - place.
            symbols[count++] = id >= 0 ? id : halfOf.TryGetValue(character, out int half) ? half : -2 - at;
            at += length;
        }
        count = Merger.Merge(merges, symbols[..count]);
        foreach (int symbol in symbols[..count])
        {
            if (symbol >= 0 && symbol < VocabularySize)
            {
                ids.Add(symbol);
                continue;
            }
            Rune character = symbol < 0 ? default : halves[symbol - VocabularySize];
            if (symbol < 0)
                Rune.DecodeFromUtf8(word[(-2 - symbol)..], out character, out _);
            Spell(character, ids);
        }
        if (rented is not null)
            ArrayPool<int>.Shared.Return(rented);
    }

    private void Spell(Rune rune, List<int> ids)
    {
        Span<byte> character = stackalloc byte[4];
        character = character[..rune.EncodeToUtf8(character)];
        foreach (byte value in character)
        {
            if (byteTokens[value] < 0)
            {
                ids.Add(unknown);
                return;
            }
        }
        foreach (byte value in character)
            ids.Add(byteTokens[value]);
    }

    private List<MergeTable.Merge> MakeMerges()
    {
        float[] order = [.. scores.Distinct().OrderDescending()];
        Dictionary<float, int> rankOf = [];
        for (int rank = 0; rank < order.Length; rank++)
            rankOf.Add(order[rank], rank);
        List<MergeTable.Merge> found = [];
        for (int id = 0; id < Vocabulary.Count; id++)
        {
            if (Vocabulary.Kind(id) != TokenKind.Normal)
                continue;
            ReadOnlySpan<byte> whole = Vocabulary.Bytes(id);
            for (int cut = 1; cut < whole.Length; cut++)
            {
                if ((whole[cut] & 0xC0) == 0x80)
                    continue;
                int left = Half(whole[..cut]);
                int right = left < 0 ? -1 : Half(whole[cut..]);
                if (right >= 0)
                    found.Add(new MergeTable.Merge(left, right, rankOf[scores[id]], id));
            }
        }
        return found;
    }

    private int Half(ReadOnlySpan<byte> text)
    {
        int id = Vocabulary.Find(text);
        if (id >= 0 || Rune.DecodeFromUtf8(text, out Rune character, out int length) != OperationStatus.Done || length != text.Length)
            return id;
        if (!halfOf.TryGetValue(character, out id))
        {
            id = VocabularySize + halves.Count;
            halves.Add(character);
            halfOf.Add(character, id);
        }
        return id;
    }
}
