using Cria.Chat;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tokenization;

namespace Cria.Packing;

/// <summary>A vocabulary in a file of its own: GGUF with settings and no tensors, or tiktoken's form.</summary>
public static class VocabularyFile
{
    private const string TemplateKey = "tokenizer.chat_template";

    /// <summary>True when a file of this name would be in tiktoken's form (<c>.model</c>), which has no special tokens and no chat template.</summary>
    public static bool IsTiktoken(string path) => path.EndsWith(".model", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Writes the vocabulary: in tiktoken's form where <paramref name="path"/> ends in .model, else as GGUF, with Llama 3's prompt format as the chat template.
    /// The file appears under its name when it is whole.
    /// </summary>
    /// <exception cref="CriaException">It cannot be written.</exception>
    public static void Write(string path, BytePairTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (IsTiktoken(path))
        {
            PendingFile.Write(path, tokenizer.WriteTiktoken);
            return;
        }
        Dictionary<string, object> settings = new(StringComparer.Ordinal)
        {
            ["general.architecture"] = "llama",
            ["general.name"] = Path.GetFileNameWithoutExtension(path),
        };
        foreach ((string key, object value) in tokenizer.ToMetadata()) settings[key] = value;
        settings[TemplateKey] = ChatTemplate.Llama3.Source.ReplaceLineEndings("\n");
        GgufWriter.Write(path, GgufEntries.Of(settings), []);
    }

    /// <summary>
    /// The settings of a vocabulary (<c>tokenizer.*</c>) from any file that has one: GGUF, a model's folder, <c>tokenizer.model</c> or <c>tokenizer.json</c>.
    /// One that brings no chat template gets Llama 3's.
    /// </summary>
    /// <exception cref="CriaException">There is no vocabulary, or it is damaged or not Llama's.</exception>
    public static IReadOnlyDictionary<string, object> Read(string path)
    {
        Dictionary<string, object> settings = new(StringComparer.Ordinal);
        bool isGguf = !Directory.Exists(path) && Path.GetExtension(path).ToUpperInvariant() is not (".MODEL" or ".JSON");
        if (isGguf)
        {
            using ITensorSource source = ModelSource.Open(path);
            _ = Tokenizer.FromMetadata(source.Metadata);
            foreach ((string key, object value) in source.Metadata.Values)
                if (key.StartsWith("tokenizer.", StringComparison.Ordinal)) settings[key] = value;
        }
        else
        {
            foreach ((string key, object value) in Tokenizer.Load(path).ToMetadata()) settings[key] = value;
        }
        if ((string)settings["tokenizer.ggml.model"] == "gpt2") settings.TryAdd(TemplateKey, ChatTemplate.Llama3.Source.ReplaceLineEndings("\n"));
        return settings;
    }
}
