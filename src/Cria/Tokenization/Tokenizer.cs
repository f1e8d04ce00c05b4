using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Tokenization;

/// <summary>Text to token ids and back. Safe for concurrent use. Ids run from 0 to <see cref="VocabularySize"/> - 1.</summary>
public abstract partial class Tokenizer
{
    // Buffers of three bytes a character must stay within an array's length.
    private const int LongestText = 512 << 20;

    private readonly Dictionary<string, int> specials = new(StringComparer.Ordinal);
    private readonly SpecialTokenFinder everySpecial;
    private readonly SpecialTokenFinder userDefined;

    private protected Tokenizer(Vocabulary vocabulary, TokenizerConfig config)
    {
        Vocabulary = vocabulary;
        Config = config;
        List<int> always = [];
        for (int id = 0; id < vocabulary.Count; id++)
        {
            TokenKind kind = vocabulary.Kind(id);
            if (kind is not (TokenKind.Control or TokenKind.UserDefined or TokenKind.Unknown))
                continue;
            specials.TryAdd(Encoding.UTF8.GetString(vocabulary.Bytes(id)), id);
            if (kind == TokenKind.UserDefined)
                always.Add(id);
        }
        everySpecial = new SpecialTokenFinder(vocabulary, specials.Values.Order());
        userDefined = new SpecialTokenFinder(vocabulary, always);
        Bos = Checked(config.Bos, "bos");
        Eos = Checked(config.Eos, "eos");
        EndOfTurn = Checked(config.EndOfTurn, "eot") ?? FindSpecial("<|eot_id|>");
        EndOfMessage = Checked(config.EndOfMessage, "eom") ?? FindSpecial("<|eom_id|>");
        int?[] stops = [Eos, EndOfTurn, EndOfMessage, FindSpecial("<|end_of_text|>")];
        StopTokens = [.. stops.OfType<int>().Distinct()];
    }

    /// <summary>The number of tokens, special ones included.</summary>
    public int VocabularySize => Vocabulary.Count;

    /// <summary>The token that begins a text; null when the vocabulary has none.</summary>
    public int? Bos { get; }

    /// <summary>The token that ends a text; null when the vocabulary has none.</summary>
    public int? Eos { get; }

    /// <summary>The token that ends a speaker's turn (<c>&lt;|eot_id|&gt;</c>); null when the vocabulary has none.</summary>
    public int? EndOfTurn { get; }

    /// <summary>The token that ends a message which expects an answer from a tool (<c>&lt;|eom_id|&gt;</c>); null when the vocabulary has none.</summary>
    public int? EndOfMessage { get; }

    /// <summary>The tokens after which generation ends: the ends of text, turn and message, as far as the vocabulary has them.</summary>
    public IReadOnlyList<int> StopTokens { get; }

    /// <summary>True when the model wants <see cref="Bos"/> before a text.</summary>
    public bool AddsBos => Config.AddsBos;

    internal Vocabulary Vocabulary { get; }

    internal TokenizerConfig Config { get; }

    /// <summary>Makes the tokenizer a model file describes (GGUF keys <c>tokenizer.ggml.*</c>).</summary>
    /// <exception cref="CriaException">The vocabulary is missing, damaged, or of a kind that is not Llama's.</exception>
    public static Tokenizer FromMetadata(ModelMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        string model = metadata.Text("tokenizer.ggml.model");
        return model switch
        {
            "gpt2" => BytePairTokenizer.FromGguf(metadata),
            "llama" => SentencePieceTokenizer.FromGguf(metadata),
            _ => throw new CriaException($"{metadata.Path}: tokenizer.ggml.model is '{model}'; Cria reads 'gpt2' (Llama 3) and 'llama' (Llama 2), use a Llama model"),
        };
    }

    /// <summary>The ids of a text. Half a surrogate pair is read as U+FFFD.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addBos">Put <see cref="Bos"/> first; see <see cref="AddsBos"/> for what the model wants.</param>
    /// <param name="parseSpecial">Turn special tokens that stand in the text into their ids. Never for text that users or documents supply.</param>
    /// <exception cref="CriaException">A beginning token is asked for and the vocabulary has none.</exception>
    public int[] Encode(ReadOnlySpan<char> text, bool addBos = false, bool parseSpecial = false)
    {
        List<int> ids = new(text.Length / 3 + 8);
        Encode(text, ids, addBos, parseSpecial);
        return [.. ids];
    }

    /// <summary>Appends the ids of a text to <paramref name="ids"/>.</summary>
    /// <inheritdoc cref="Encode(ReadOnlySpan{char}, bool, bool)"/>
    public void Encode(ReadOnlySpan<char> text, List<int> ids, bool addBos = false, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (text.Length > LongestText)
            throw TooLong(text.Length, "characters");
        byte[] rented = ArrayPool<byte>.Shared.Rent(text.Length * 3);
        try
        {
            Utf8.FromUtf16(text, rented, out _, out int written, replaceInvalidSequences: true);
            EncodeValid(rented.AsSpan(0, written), ids, addBos, parseSpecial);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>The ids of a text in UTF-8.</summary>
    /// <exception cref="CriaException">The bytes are not UTF-8; the message names the offset of the first that is not. Or a beginning token is asked for and the vocabulary has none.</exception>
    /// <inheritdoc cref="Encode(ReadOnlySpan{char}, bool, bool)"/>
    public int[] EncodeUtf8(ReadOnlySpan<byte> text, bool addBos = false, bool parseSpecial = false)
    {
        List<int> ids = new(text.Length / 3 + 8);
        EncodeUtf8(text, ids, addBos, parseSpecial);
        return [.. ids];
    }

    /// <summary>Appends the ids of a text in UTF-8 to <paramref name="ids"/>.</summary>
    /// <inheritdoc cref="EncodeUtf8(ReadOnlySpan{byte}, bool, bool)"/>
    public void EncodeUtf8(ReadOnlySpan<byte> text, List<int> ids, bool addBos = false, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (text.Length > LongestText)
            throw TooLong(text.Length, "bytes");
        if (!Utf8.IsValid(text))
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"the text is not UTF-8: byte {FirstInvalid(text)} cannot be read; save it as UTF-8"));
        EncodeValid(text, ids, addBos, parseSpecial);
    }

    /// <summary>The text of ids. Bytes that are not UTF-8 become U+FFFD; for text that arrives token by token use <see cref="StreamingDecoder"/>.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecial">Leave special tokens out.</param>
    /// <exception cref="CriaException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true)
    {
        ArrayBufferWriter<byte> bytes = new(ids.Length * 4 + 16);
        DecodeBytes(ids, bytes, skipSpecial);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <inheritdoc cref="Decode(ReadOnlySpan{int}, bool)"/>
    public string Decode(IEnumerable<int> ids, bool skipSpecial = true) => Decode(ids is int[] array ? array : [.. ids], skipSpecial);

    /// <summary>The bytes a token stands for; a special token's are its name in UTF-8.</summary>
    /// <exception cref="CriaException">The id is not in the vocabulary.</exception>
    public ReadOnlySpan<byte> TokenBytes(int id) => Vocabulary.Bytes(Known(id));

    /// <summary>The text a token stands for; bytes that are not UTF-8 on their own are U+FFFD.</summary>
    /// <exception cref="CriaException">The id is not in the vocabulary.</exception>
    public string TokenText(int id) => Encoding.UTF8.GetString(TokenBytes(id));

    /// <summary>True for tokens that steer the model and are not text.</summary>
    /// <exception cref="CriaException">The id is not in the vocabulary.</exception>
    public bool IsSpecial(int id) => Vocabulary.Kind(Known(id)) is TokenKind.Control or TokenKind.Unknown or TokenKind.Unused;

    /// <summary>True for the tokens of <see cref="StopTokens"/>.</summary>
    public bool IsStop(int id) => StopTokens.Contains(id);

    /// <summary>The id of a special token by its name, such as <c>&lt;|eot_id|&gt;</c>; null when there is none.</summary>
    public int? FindSpecial(string name) => specials.TryGetValue(name, out int id) ? id : null;

    /// <summary>This tokenizer as the settings of a GGUF file (<c>tokenizer.ggml.*</c>); <see cref="FromMetadata"/> reads them back.</summary>
    public abstract IReadOnlyDictionary<string, object> ToMetadata();

    private protected abstract void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, List<int> ids);

    /// <summary>True when <see cref="EncodeText"/> puts a space before a text that begins or follows a special token.</summary>
    private protected virtual bool AddsSpace => false;

    private protected static void Append(List<int> ids, ReadOnlySpan<int> more)
    {
        int count = ids.Count;
        CollectionsMarshal.SetCount(ids, count + more.Length);
        more.CopyTo(CollectionsMarshal.AsSpan(ids)[count..]);
    }

    private void EncodeValid(ReadOnlySpan<byte> text, List<int> ids, bool addBos, bool parseSpecial)
    {
        if (addBos)
            ids.Add(Bos ?? throw new CriaException("the vocabulary names no beginning-of-text token (tokenizer.ggml.bos_token_id); encode without one"));
        SpecialTokenFinder finder = parseSpecial ? everySpecial : userDefined;
        bool afterSpecial = true;
        int start = 0;
        if (!finder.IsEmpty)
        {
            while (finder.TryFind(text, start, out int position, out int length, out int id))
            {
                if (position > start)
                    EncodeText(text[start..position], afterSpecial, ids);
                ids.Add(id);
                afterSpecial = true;
                start = position + length;
            }
        }
        if (start < text.Length)
            EncodeText(text[start..], afterSpecial, ids);
    }

    private void DecodeBytes(ReadOnlySpan<int> ids, ArrayBufferWriter<byte> bytes, bool skipSpecial)
    {
        bool dropSpace = AddsSpace;
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> text = TokenBytes(id);
            bool special = IsSpecial(id);
            bool standsAlone = special || Vocabulary.Kind(id) == TokenKind.UserDefined;
            if (dropSpace && !standsAlone && text.Length > 0 && text[0] == ' ')
                text = text[1..];
            dropSpace = AddsSpace && standsAlone;
            if (!special || !skipSpecial)
                bytes.Write(text);
        }
    }

    private int Known(int id) => (uint)id < (uint)VocabularySize ? id
        : throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"token {id} is not in the vocabulary, which ends at {VocabularySize - 1}"));

    private int? Checked(int? id, string name) => id is null || (uint)id.Value < (uint)VocabularySize ? id
        : throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{Config.Source}: the {name} token is {id}, outside the vocabulary of {VocabularySize}; convert the model again"));

    private static CriaException TooLong(int length, string unit) =>
        new(string.Create(CultureInfo.InvariantCulture, $"a text of {length} {unit} is too long to encode at once (limit {LongestText}); encode it in parts"));

    private static int FirstInvalid(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (Rune.DecodeFromUtf8(text[at..], out _, out int length) == OperationStatus.Done)
            at += length;
        return at;
    }
}
