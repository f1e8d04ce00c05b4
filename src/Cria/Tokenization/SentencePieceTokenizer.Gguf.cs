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

    private static SentencePieceTokenizer FromPieces(TokenizerConfig config, string[] words, float[] scores, TokenKind[] kinds, bool addsSpace)
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
        return new SentencePieceTokenizer(new Vocabulary(config.Source, tokens, kinds), config, scores, addsSpace);
    }

    private static byte ReadByte(string source, string word, int id) =>
        word.Length == 6 && word.StartsWith("<0x", StringComparison.Ordinal) && word[5] == '>'
            && byte.TryParse(word.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{source}: token {id} ('{word}') should stand for a byte, such as <0x0A>; convert the model again"));
}
