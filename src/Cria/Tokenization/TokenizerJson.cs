using System.Globalization;
using System.Text.Json;
using Cria.Tensors;

namespace Cria.Tokenization;

/// <summary>Reads Hugging Face's <c>tokenizer.json</c>, with the <c>tokenizer_config.json</c> beside it where there is one.</summary>
internal static class TokenizerJson
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="CriaException">It cannot be read, is damaged, or is not a Llama vocabulary.</exception>
    public static Tokenizer Read(string path)
    {
        using JsonDocument document = Parse(path);
        string settingsPath = Path.Combine(Path.GetDirectoryName(path) ?? "", "tokenizer_config.json");
        using JsonDocument? settings = File.Exists(settingsPath) ? Parse(settingsPath) : null;
        try
        {
            return Read(path, document.RootElement, settings?.RootElement ?? default);
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new CriaException($"{path}: not a tokenizer.json that Cria can read ({error.Message.ReplaceLineEndings(" ")}); fetch the file again", error);
        }
    }

    private static Tokenizer Read(string path, JsonElement root, JsonElement settings)
    {
        JsonElement model = root.GetProperty("model");
        if (Text(model, "type") is { } type && type != "BPE")
            throw new CriaException($"{path}: the vocabulary is of type '{type}'; Llama's is 'BPE', use a Llama model");
        (string[] words, TokenKind[] kinds) = ReadTokens(path, root, model);
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < words.Length; id++)
            ids.TryAdd(words[id], id);
        TokenizerConfig config = new()
        {
            Source = path,
            Bos = Named("bos_token") ?? Known("<|begin_of_text|>"),
            Eos = Named("eos_token") ?? Known("<|eot_id|>") ?? Known("<|end_of_text|>"),
            AddsBos = Flag(settings, "add_bos_token") ?? true,
        };
        string[] merges = [.. model.GetProperty("merges").EnumerateArray().Select(Merge)];
        if (Flag(model, "byte_fallback") == true)
            return SentencePieceTokenizer.FromMerges(config, words, kinds, merges, PrependsSpace(root));
        if (Llama3Pattern(root) is { } other)
            throw new CriaException($"{path}: words are cut in another way than Llama 3's ({other}); use a Llama model");
        return BytePairTokenizer.FromSpelling(config, words, kinds, merges.Length, i => merges[i], wholeWords: Flag(model, "ignore_merges") ?? false);

        int? Known(string word) => ids.TryGetValue(word, out int id) ? id : null;
        int? Named(string key) => Text(settings, key) is { } word ? Known(word) : null;
    }

    private static (string[] Words, TokenKind[] Kinds) ReadTokens(string path, JsonElement root, JsonElement model)
    {
        bool byteFallback = Flag(model, "byte_fallback") == true;
        string? unknown = Text(model, "unk_token");
        Dictionary<int, (string Word, TokenKind Kind)> tokens = [];
        foreach (JsonProperty entry in model.GetProperty("vocab").EnumerateObject())
        {
            bool spellsByte = byteFallback && entry.Name.Length == 6 && entry.Name.StartsWith("<0x", StringComparison.Ordinal) && entry.Name[5] == '>';
            Add(entry.Value.GetInt32(), entry.Name, spellsByte ? TokenKind.Byte : TokenKind.Normal);
        }
        if (root.TryGetProperty("added_tokens", out JsonElement added) && added.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement entry in added.EnumerateArray())
            {
                int id = entry.GetProperty("id").GetInt32();
                string word = entry.GetProperty("content").GetString() ?? "";
                if (tokens.TryGetValue(id, out (string Word, TokenKind Kind) present) && present.Word == word)
                    tokens.Remove(id);
                Add(id, word, word == unknown ? TokenKind.Unknown : Flag(entry, "special") == true ? TokenKind.Control : TokenKind.UserDefined);
            }
        }
        int count = tokens.Count == 0 ? 0 : tokens.Keys.Max() + 1;
        if (count > 2 * tokens.Count + 1024)
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{path}: {tokens.Count} tokens are numbered up to {count - 1}; the file is damaged, fetch it again"));
        string[] words = new string[count];
        TokenKind[] kinds = new TokenKind[count];
        for (int id = 0; id < count; id++)
            (words[id], kinds[id]) = tokens.TryGetValue(id, out (string Word, TokenKind Kind) token) ? token : ("", TokenKind.Unused);
        return (words, kinds);

        void Add(int id, string word, TokenKind kind)
        {
            if (id < 0 || !tokens.TryAdd(id, (word, kind)))
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{path}: token '{word.ReplaceLineEndings(" ")}' has number {id}, which is taken or negative; the file is damaged, fetch it again"));
        }
    }

    private static string Merge(JsonElement merge) => merge.ValueKind == JsonValueKind.Array ? $"{merge[0].GetString()} {merge[1].GetString()}" : merge.GetString() ?? "";

    /// <summary>Null when words are cut by Llama 3's pattern; otherwise what the file says instead.</summary>
    private static string? Llama3Pattern(JsonElement root)
    {
        if (!root.TryGetProperty("pre_tokenizer", out JsonElement cutter) || cutter.ValueKind != JsonValueKind.Object)
            return "no pattern";
        IEnumerable<JsonElement> steps = cutter.TryGetProperty("pretokenizers", out JsonElement list) ? list.EnumerateArray() : [cutter];
        foreach (JsonElement step in steps)
        {
            if (Text(step, "type") == "Split" && step.GetProperty("pattern").TryGetProperty("Regex", out JsonElement pattern))
                return pattern.GetString() == Llama3Splitter.Pattern ? null : pattern.GetString()!.ReplaceLineEndings(" ");
        }
        return "no pattern";
    }

    /// <summary>True when a space is put before the text (<c>Prepend</c> as a normalizer or <c>Metaspace</c> as a cutter).</summary>
    private static bool PrependsSpace(JsonElement root)
    {
        string normalizer = root.TryGetProperty("normalizer", out JsonElement steps) ? steps.GetRawText() : "";
        if (normalizer.Contains("\"Prepend\"", StringComparison.Ordinal))
            return true;
        if (!root.TryGetProperty("pre_tokenizer", out JsonElement cutter) || Text(cutter, "type") != "Metaspace")
            return false;
        return Text(cutter, "prepend_scheme") is { } scheme ? scheme != "never" : Flag(cutter, "add_prefix_space") ?? true;
    }

    private static string? Text(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out JsonElement value))
            return null;
        // Special tokens are written as their text or as an object that holds it.
        return value.ValueKind == JsonValueKind.Object ? Text(value, "content") : value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private static bool? Flag(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : null;

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(TokenizerFile.Read(path));
        }
        catch (JsonException error)
        {
            throw new CriaException($"{path}: not JSON ({error.Message.ReplaceLineEndings(" ")}); fetch the file again", error);
        }
    }
}
