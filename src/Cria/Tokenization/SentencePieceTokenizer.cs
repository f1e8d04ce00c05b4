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

    // One bit for each two bytes that stand side by side in some token, at 256 × first + second.
    private readonly ulong[] joined = new ulong[65536 / 64];
    private readonly MergeTable merges;
    private readonly int[] byteTokens = new int[256];
    private readonly int unknown;
    private readonly PieceCache cache = new();

    // Characters that are no tokens themselves but halves of some; their symbols are numbered from the vocabulary's end.
    private readonly List<Rune> halves = [];
    private readonly Dictionary<Rune, int> halfOf = [];

    private SentencePieceTokenizer(Vocabulary vocabulary, TokenizerConfig config, float[] scores, bool addsSpace, IReadOnlyList<(string Left, string Right)>? given)
        : base(vocabulary, config)
    {
        this.scores = scores;
        this.addsSpace = addsSpace;
        Array.Fill(byteTokens, -1);
        unknown = -1;
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
                case TokenKind.Normal:
                    Join(vocabulary.Bytes(id));
                    break;
            }
        }
        int missing = Array.IndexOf(byteTokens, -1);
        if (missing >= 0 && unknown < 0)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{config.Source}: the vocabulary has neither a token <0x{missing:X2}> nor one for unknown text, so not every text can be encoded; convert the model again"));
        merges = new MergeTable(given is null ? MergesByScore() : MergesInOrder(given));
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
            int end = WordEnd(spaced);
            EncodeWord(spaced[..end], ids);
            spaced = spaced[end..];
        }
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>
    /// Where the text's first part ends that merges on its own: before a character whose first byte follows the byte before it in no token.
    /// No merge can reach over such a place, so the parts merge as they would in the whole text.
    /// </summary>
    private int WordEnd(ReadOnlySpan<byte> text)
    {
        for (int i = 1; i < text.Length; i++)
        {
            int pair = (text[i - 1] << 8) | text[i];
            if ((joined[pair >> 6] >> (pair & 63) & 1) == 0 && (text[i] & 0xC0) != 0x80)
                return i;
        }
        return text.Length;
    }

    private void Join(ReadOnlySpan<byte> token)
    {
        for (int i = 1; i < token.Length; i++)
        {
            int pair = (token[i - 1] << 8) | token[i];
            joined[pair >> 6] |= 1UL << (pair & 63);
        }
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

    private List<MergeTable.Merge> MergesInOrder(IReadOnlyList<(string Left, string Right)> given)
    {
        List<MergeTable.Merge> found = new(given.Count);
        foreach ((string left, string right) in given)
        {
            int result = Vocabulary.Find(Encoding.UTF8.GetBytes(left + right));
            int leftHalf = Half(Encoding.UTF8.GetBytes(left));
            int rightHalf = Half(Encoding.UTF8.GetBytes(right));
            if (result < 0 || leftHalf < 0 || rightHalf < 0)
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{Config.Source}: merge {found.Count} ('{left}' and '{right}') does not join two tokens into a third; the vocabulary is damaged, fetch it again"));
            found.Add(new MergeTable.Merge(leftHalf, rightHalf, found.Count, result));
        }
        return found;
    }

    private List<MergeTable.Merge> MergesByScore()
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
