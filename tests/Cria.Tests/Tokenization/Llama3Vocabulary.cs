using System.Text.Json;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Tests.Tokenization;

/// <summary>The real Llama 3 vocabulary from the reference data, loaded once.</summary>
internal static class Llama3Vocabulary
{
    private static readonly Lock Gate = new();
    private static Tokenizer? tokenizer;

    public static Tokenizer Tokenizer
    {
        get
        {
            string path = SharedData.PathOf("data/llama3/vocab.json");
            lock (Gate)
                return tokenizer ??= Cria.Tokenization.Tokenizer.FromMetadata(ReadMetadata(path));
        }
    }

    /// <summary>The vocabulary as a GGUF file would carry it.</summary>
    public static ModelMetadata ReadMetadata(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        string[] tokens = [.. document.RootElement.GetProperty("vocab").EnumerateArray().Select(token => token.GetString()!)];
        string[] merges = [.. document.RootElement.GetProperty("merges").EnumerateArray().Select(merge => merge.GetString()!)];
        return new ModelMetadata("vocab.json", new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "gpt2",
            ["tokenizer.ggml.pre"] = "llama-bpe",
            ["tokenizer.ggml.tokens"] = tokens,
            ["tokenizer.ggml.token_type"] = tokens.Select((_, id) => id < 128000 ? 1 : 3).ToArray(),
            ["tokenizer.ggml.merges"] = merges,
            ["tokenizer.ggml.bos_token_id"] = 128000L,
            ["tokenizer.ggml.eos_token_id"] = 128009L,
        });
    }
}
