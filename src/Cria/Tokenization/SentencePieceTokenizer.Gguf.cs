using System.Globalization;
using System.Text;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Tokenization;

public sealed partial class SentencePieceTokenizer
{
    /// <summary>Reads GGUF settings whose <c>tokenizer.ggml.model</c> is <c>llama</c>.</summary>
    /// <exception cref="CriaException">The vocabulary is missing or damaged.</exception>
    public static SentencePieceTokenizer FromGguf(ModelMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        string[] words = GgufVocabulary.Tokens(metadata);
        float[] scores = metadata.Array<float>("tokenizer.ggml.scores")
            ?? throw new CriaException($"{metadata.Path}: setting tokenizer.ggml.scores is missing; convert the model again");
        TokenKind[] kinds = GgufVocabulary.Kinds(metadata, words.Length)
            ?? throw new CriaException($"{metadata.Path}: setting tokenizer.ggml.token_type is missing; convert the model again");
        return FromPieces(GgufVocabulary.Config(metadata), words, scores, kinds, metadata.Flag("tokenizer.ggml.add_space_prefix", true));
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, object> ToMetadata()
    {
        string[] words = new string[VocabularySize];
        for (int id = 0; id < words.Length; id++)
        {
            words[id] = Vocabulary.Kind(id) switch
            {
                TokenKind.Byte => string.Create(CultureInfo.InvariantCulture, $"<0x{Vocabulary.Bytes(id)[0]:X2}>"),
                TokenKind.Normal => Encoding.UTF8.GetString(Vocabulary.Bytes(id)).Replace(' ', '▁'),
                _ => Encoding.UTF8.GetString(Vocabulary.Bytes(id)),
            };
        }
        Dictionary<string, object> values = GgufVocabulary.Write(this, "llama", words);
        values.Add("tokenizer.ggml.scores", scores);
        values.Add("tokenizer.ggml.add_space_prefix", addsSpace);
        return values;
    }

    /// <summary>
    /// Makes a tokenizer from merges in order, each "left right", as Hugging Face's files hold them instead of scores.
    /// Where a score is needed, a token's is the place of the first merge that makes it.
    /// </summary>
    internal static SentencePieceTokenizer FromMerges(TokenizerConfig config, string[] words, TokenKind[] kinds, string[] merges, bool addsSpace)
    {
        List<(string Left, string Right)> pairs = new(merges.Length);
        Dictionary<string, int> rankOf = new(StringComparer.Ordinal);
        foreach (string merge in merges)
        {
            int space = merge.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0)
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{config.Source}: merge {pairs.Count} ('{merge}') is not two tokens; the vocabulary is damaged, fetch it again"));
            rankOf.TryAdd(string.Concat(merge.AsSpan(0, space), merge.AsSpan(space + 1)), pairs.Count);
            pairs.Add((merge[..space].Replace('▁', ' '), merge[(space + 1)..].Replace('▁', ' ')));
        }
        float[] scores = [.. words.Select(word => -(float)(rankOf.TryGetValue(word, out int rank) ? rank : merges.Length))];
        return FromPieces(config, words, scores, kinds, addsSpace, pairs);
    }

    private static SentencePieceTokenizer FromPieces(TokenizerConfig config, string[] words, float[] scores, TokenKind[] kinds, bool addsSpace, IReadOnlyList<(string Left, string Right)>? merges = null)
    {
        if (scores.Length != words.Length)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{config.Source}: {scores.Length} scores for {words.Length} tokens; convert the model again"));
        ReadOnlyMemory<byte>[] tokens = new ReadOnlyMemory<byte>[words.Length];
        for (int id = 0; id < words.Length; id++)
        {
            if (float.IsNaN(scores[id]))
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{config.Source}: the score of token {id} is not a number; convert the model again"));
            tokens[id] = kinds[id] switch
            {
                TokenKind.Byte => new[] { ReadByte(config.Source, words[id], id) },
                TokenKind.Normal => Encoding.UTF8.GetBytes(words[id].Replace('▁', ' ')),
                _ => Encoding.UTF8.GetBytes(words[id]),
            };
        }
        return new SentencePieceTokenizer(new Vocabulary(config.Source, tokens, kinds), config, scores, addsSpace, merges);
    }

    private static byte ReadByte(string source, string word, int id) =>
        word.Length == 6 && word.StartsWith("<0x", StringComparison.Ordinal) && word[5] == '>'
            && byte.TryParse(word.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{source}: token {id} ('{word}') should stand for a byte, such as <0x0A>; convert the model again"));
}
