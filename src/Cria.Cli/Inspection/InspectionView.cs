using Cria.Packing;
using Cria.Packing.OneFile;
using Cria.Tensors;
using Cria.Tensors.Backends;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;

namespace Cria.Cli.Inspection;

/// <summary>What <c>cria inspect</c> shows, before it is text or JSON.</summary>
/// <param name="Source">The open file.</param>
/// <param name="Summary">Its summary.</param>
/// <param name="Context">Tokens to reckon memory for.</param>
/// <param name="KvTypes">How cached keys and values are kept.</param>
/// <param name="IsFull">True to print long texts and arrays whole.</param>
/// <param name="Packed">The packed file that the model lies in or belongs to; null when it is a file of its own.</param>
internal sealed record InspectionView(ITensorSource Source, ModelSummary Summary, long Context, KvTypes KvTypes, bool IsFull, PackedFile? Packed = null)
{
    /// <summary>Elements of an array that are shown unless all are.</summary>
    public const int ShownElements = 6;

    /// <summary>Characters of a text that are shown unless all are.</summary>
    public const int ShownCharacters = 60;

    /// <summary>Settings by key, sorted.</summary>
    public IEnumerable<KeyValuePair<string, object>> Settings => Source.Metadata.Values.OrderBy(setting => setting.Key, StringComparer.Ordinal);

    /// <summary>Bytes of the model's files on disk; of its tensors where the container does not say.</summary>
    public long DiskBytes => Source is GgufReader gguf ? gguf.FileBytes : Summary.WeightBytes;

    /// <summary>Kind of tokenizer, such as "gpt2 (llama-bpe)"; null without one.</summary>
    public string? TokenizerKind
    {
        get
        {
            if (Setting("tokenizer.ggml.model") is not string model) return null;
            string name = model switch { "gpt2" => "byte-pair", "llama" => "SentencePiece", _ => "" };
            string details = string.Join(", ", new[] { model, Setting("tokenizer.ggml.pre") as string }.Where(part => !string.IsNullOrEmpty(part)));
            return name.Length == 0 ? details : $"{name} ({details})";
        }
    }

    /// <summary>Number of tokens in the vocabulary; null without one.</summary>
    public int? TokenCount => (Setting("tokenizer.ggml.tokens") as string[])?.Length;

    /// <summary>Number of merges; null without.</summary>
    public int? MergeCount => (Setting("tokenizer.ggml.merges") as string[])?.Length;

    /// <summary>The chat template; null without one.</summary>
    public string? ChatTemplate => Setting("tokenizer.chat_template") as string;

    /// <summary>The special tokens the file names, with id and text.</summary>
    public IEnumerable<(string Role, long Id, string Text)> SpecialTokens
    {
        get
        {
            foreach ((string role, string key) in new[] { ("begin of text", "bos"), ("end of text", "eos"), ("end of turn", "eot"), ("end of message", "eom"), ("unknown", "unknown"), ("padding", "padding") })
            {
                string setting = $"tokenizer.ggml.{key}_token_id";
                if (Setting(setting) is not (long or ulong)) continue;
                long id = Source.Metadata.Integer(setting);
                yield return (role, id, TokenText(id));
            }
        }
    }

    /// <summary>Bytes of the keys and values at <see cref="Context"/>; null when the file is not a Llama.</summary>
    public long? KvCacheBytes => Summary.Config is null ? null : Summary.KvCacheBytes(Context, KvTypes);

    /// <summary>Bytes of the keys and values at <see cref="Context"/> for each type they can be kept as.</summary>
    public IEnumerable<(TensorType Type, long ByteCount)> KvChoices =>
        Summary.Config is not { } config ? [] : KvTypes.Known.Where(type => KvTypes.Fits(type, config.HeadSize)).Select(type => (type, Summary.KvCacheBytes(Context, type)));

    /// <summary>The value of a setting, or null.</summary>
    public object? Setting(string key) => Source.Metadata.Values.GetValueOrDefault(key);

    private string TokenText(long id) => Setting("tokenizer.ggml.tokens") is string[] tokens && id >= 0 && id < tokens.Length ? tokens[id] : "?";
}
