using System.Text.Json;

namespace Cria.Server.Requests;

/// <summary>Fields that hold texts or token ids, one or several.</summary>
internal static class TokenFields
{
    /// <summary>Reads a field that is a text, a list of texts, a list of ids, or a list of lists of ids.</summary>
    public static IReadOnlyList<(int[] Tokens, string? Text)> Read(JsonFields fields, string name, LanguageModel model, int most)
    {
        JsonElement value = fields.Raw(name) ?? throw fields.Missing(name);
        if (value.ValueKind == JsonValueKind.String) return [OfText(JsonFields.TextOf(value, name), fields, model)];
        if (value.ValueKind != JsonValueKind.Array) throw fields.Wrong(name, "a string, a list of strings, or lists of token ids", value);
        IReadOnlyList<(JsonElement Value, string Path)> items = fields.List(name)!;
        if (items.Count == 0) throw ApiException.Field(name, "is empty");
        if (items[0].Value.ValueKind == JsonValueKind.Number) return [(OfIds(items, model), null)];
        if (items.Count > most) throw ApiException.Field(name, FormattableString.Invariant($"holds {items.Count} items, but at most {most} are taken at once"));
        return [.. items.Select(item => item.Value.ValueKind == JsonValueKind.Array
            ? (OfIds([.. item.Value.EnumerateArray().Select((id, i) => (id, FormattableString.Invariant($"{item.Path}[{i}]")))], model), null)
            : OfText(JsonFields.TextOf(item.Value, item.Path), fields, model))];
    }

    /// <summary>The ids of a text. Special tokens that stand in it are read as such unless <c>parse_special</c> is false: whoever sends whole prompts writes them.</summary>
    public static (int[] Tokens, string? Text) OfText(string text, JsonFields fields, LanguageModel model)
    {
        bool parses = fields.Flag("parse_special") ?? true;
        bool adds = fields.Flag("add_special_tokens") ?? fields.Flag("add_special") ?? true;
        // A prompt that brings its own beginning needs no second one.
        bool begins = parses && model.Tokenizer.Bos is { } bos && text.StartsWith(model.Tokenizer.TokenText(bos), StringComparison.Ordinal);
        return (model.Tokenize(text, addBos: adds && model.Tokenizer.AddsBos && !begins, parseSpecial: parses), text);
    }

    /// <summary>A list of ids.</summary>
    public static int[] OfIds(IReadOnlyList<(JsonElement Value, string Path)> items, LanguageModel model) => [.. items.Select(item =>
    {
        long id = JsonFields.IntegerOf(item.Value, item.Path);
        return id >= 0 && id < model.Tokenizer.VocabularySize ? (int)id
            : throw ApiException.Field(item.Path, FormattableString.Invariant($"is {id}, but tokens are 0 to {model.Tokenizer.VocabularySize - 1}"));
    })];
}
