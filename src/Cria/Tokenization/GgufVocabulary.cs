using System.Globalization;
using Cria.Tensors;
using Cria.Tensors.Formats;

namespace Cria.Tokenization;

/// <summary>The settings that every kind of vocabulary has in a GGUF file.</summary>
internal static class GgufVocabulary
{
    /// <summary>The tokens as the file spells them.</summary>
    public static string[] Tokens(ModelMetadata metadata) => metadata.Array<string>("tokenizer.ggml.tokens")
        ?? throw new CriaException($"{metadata.Path}: setting tokenizer.ggml.tokens is missing; the file has no vocabulary, convert the model again");

    /// <summary>The kinds of the tokens; null when the file does not say.</summary>
    public static TokenKind[]? Kinds(ModelMetadata metadata, int count)
    {
        const string Key = "tokenizer.ggml.token_type";
        if (metadata.Array<int>(Key) is not { } numbers)
            return null;
        if (numbers.Length != count)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{metadata.Path}: {Key} has {numbers.Length} entries for {count} tokens; convert the model again"));
        TokenKind[] kinds = new TokenKind[count];
        for (int id = 0; id < count; id++)
        {
            kinds[id] = numbers[id] switch
            {
                0 => TokenKind.Normal,
                >= 1 and <= 6 => (TokenKind)numbers[id],
                _ => throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{metadata.Path}: {Key} of token {id} is {numbers[id]}, which means nothing; convert the model again")),
            };
        }
        return kinds;
    }

    /// <summary>The special tokens the file names.</summary>
    public static TokenizerConfig Config(ModelMetadata metadata) => new()
    {
        Source = metadata.Path,
        Bos = Id(metadata, "bos"),
        Eos = Id(metadata, "eos"),
        EndOfTurn = Id(metadata, "eot"),
        EndOfMessage = Id(metadata, "eom"),
        AddsBos = metadata.Flag("tokenizer.ggml.add_bos_token", true),
    };

    /// <summary>The settings of a tokenizer, its tokens spelt as given.</summary>
    public static Dictionary<string, object> Write(Tokenizer tokenizer, string model, string[] words)
    {
        int[] kinds = new int[words.Length];
        for (int id = 0; id < kinds.Length; id++)
            kinds[id] = (int)tokenizer.Vocabulary.Kind(id);
        Dictionary<string, object> values = new(StringComparer.Ordinal)
        {
            ["tokenizer.ggml.model"] = model,
            ["tokenizer.ggml.tokens"] = words,
            ["tokenizer.ggml.token_type"] = kinds,
            ["tokenizer.ggml.add_bos_token"] = tokenizer.AddsBos,
        };
        Add("bos", tokenizer.Bos);
        Add("eos", tokenizer.Eos);
        Add("eot", tokenizer.EndOfTurn);
        Add("eom", tokenizer.EndOfMessage);
        return values;

        void Add(string name, int? id)
        {
            if (id is int number)
                values.Add($"tokenizer.ggml.{name}_token_id", (ulong)number);
        }
    }

    private static int? Id(ModelMetadata metadata, string name)
    {
        string key = $"tokenizer.ggml.{name}_token_id";
        return metadata.Contains(key) ? (int)Math.Min(metadata.Integer(key), int.MaxValue) : null;
    }
}
