using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Tokenization;

public sealed partial class BytePairTokenizer
{
    /// <summary>Reads GGUF settings whose <c>tokenizer.ggml.model</c> is <c>gpt2</c> and whose words are cut as Llama 3 does.</summary>
    /// <exception cref="CriaException">The vocabulary is missing, damaged, or cut in another way.</exception>
    public static BytePairTokenizer FromGguf(ModelMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        string pre = metadata.Text("tokenizer.ggml.pre", "llama-bpe");
        if (pre is not ("llama-bpe" or "llama3" or "llama-v3" or "smaug-bpe" or "dbrx"))
            throw new CriaException($"{metadata.Path}: tokenizer.ggml.pre is '{pre}'; Cria cuts words as Llama 3 does ('llama-bpe'), use a Llama model");
        string[] words = GgufVocabulary.Tokens(metadata);
        TokenKind[] kinds = GgufVocabulary.Kinds(metadata, words.Length) ?? [.. Enumerable.Repeat(TokenKind.Normal, words.Length)];
        string[] mergeList = metadata.Array<string>("tokenizer.ggml.merges")
            ?? throw new CriaException($"{metadata.Path}: setting tokenizer.ggml.merges is missing; convert the model again");
        return FromSpelling(GgufVocabulary.Config(metadata), words, kinds, mergeList.Length, i => mergeList[i], wholeWords: pre is not "dbrx");
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, object> ToMetadata()
    {
        string[] words = new string[VocabularySize];
        for (int id = 0; id < words.Length; id++)
            words[id] = Vocabulary.Kind(id) == TokenKind.Normal ? ByteAlphabet.Spell(Vocabulary.Bytes(id)) : Encoding.UTF8.GetString(Vocabulary.Bytes(id));
        Dictionary<string, object> values = GgufVocabulary.Write(this, "gpt2", words);
        values.Add("tokenizer.ggml.pre", wholeWords ? "llama-bpe" : "dbrx");
        values.Add("tokenizer.ggml.merges", merges.InOrder().Select(merge => words[merge.Left] + " " + words[merge.Right]).ToArray());
        return values;
    }

    /// <summary>Makes a tokenizer from tokens and merges spelt in the byte alphabet.</summary>
    internal static BytePairTokenizer FromSpelling(TokenizerConfig config, string[] words, TokenKind[] kinds, int mergeCount, Func<int, string> mergeAt, bool wholeWords)
    {
        ReadOnlyMemory<byte>[] tokens = new ReadOnlyMemory<byte>[words.Length];
        for (int id = 0; id < words.Length; id++)
        {
            if (kinds[id] is TokenKind.Normal or TokenKind.UserDefined && SpecialShape().IsMatch(words[id]))
                kinds[id] = TokenKind.Control;
            byte[] spelt = new byte[words[id].Length];
            if (kinds[id] == TokenKind.Normal && ByteAlphabet.TryRead(words[id], spelt))
            {
                tokens[id] = spelt;
                continue;
            }
            // Letters outside the byte alphabet are those of a token somebody added as plain text.
            if (kinds[id] == TokenKind.Normal)
                kinds[id] = TokenKind.UserDefined;
            tokens[id] = Encoding.UTF8.GetBytes(words[id]);
        }
        Vocabulary vocabulary = new(config.Source, tokens, kinds);
        List<MergeTable.Merge> merges = new(mergeCount);
        byte[] buffer = new byte[2 * Math.Max(1, vocabulary.LongestText)];
        for (int rank = 0; rank < mergeCount; rank++)
            merges.Add(ReadMerge(vocabulary, config.Source, mergeAt(rank), rank, buffer));
        return new BytePairTokenizer(vocabulary, config, merges, wholeWords);
    }

    private static MergeTable.Merge ReadMerge(Vocabulary vocabulary, string source, string line, int rank, byte[] buffer)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        int leftLength = space;
        int rightLength = line.Length - space - 1;
        if (leftLength > 0 && rightLength > 0 && leftLength + rightLength <= buffer.Length
            && ByteAlphabet.TryRead(line.AsSpan(0, leftLength), buffer) && ByteAlphabet.TryRead(line.AsSpan(space + 1), buffer.AsSpan(leftLength)))
        {
            int left = vocabulary.Find(buffer.AsSpan(0, leftLength));
            int right = vocabulary.Find(buffer.AsSpan(leftLength, rightLength));
            int result = vocabulary.Find(buffer.AsSpan(0, leftLength + rightLength));
            if (left >= 0 && right >= 0 && result >= 0)
                return new MergeTable.Merge(left, right, rank, result);
        }
        throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{source}: merge {rank} ('{line}') does not join two tokens into a third; the vocabulary is damaged, convert the model again"));
    }

    [GeneratedRegex(@"^<\|[A-Za-z0-9_]+\|>$")]
    private static partial Regex SpecialShape();
}
