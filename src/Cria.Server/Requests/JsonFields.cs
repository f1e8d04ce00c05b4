using System.Text.Json;

namespace Cria.Server.Requests;

/// <summary>An object of a request, read field by field. What is missing or null is null; a wrong type or range is refused with the field's name; other fields are ignored.</summary>
/// <param name="json">The object.</param>
/// <param name="path">Where it stands in the request; empty for the request itself.</param>
internal readonly struct JsonFields(JsonElement json, string path = "")
{
    /// <summary>The object itself.</summary>
    public JsonElement Json => json;

    /// <summary>Where a field of the object stands.</summary>
    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>A field as it stands; null when it is missing or null.</summary>
    public JsonElement? Raw(string name) => json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A text.</summary>
    public string? Text(string name) => Raw(name) is { } value ? TextOf(value, PathOf(name)) : null;

    /// <summary>A text that must be there.</summary>
    public string RequiredText(string name) => Text(name) ?? throw Missing(name);

    /// <summary>True or false.</summary>
    public bool? Flag(string name) => Raw(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Wrong(name, "true or false", other),
    };

    /// <summary>A number in a range.</summary>
    public float? Number(string name, double least, double most)
    {
        if (Raw(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number)) throw Wrong(name, "a number", value);
        return number >= least && number <= most ? (float)number : throw ApiException.Field(PathOf(name), FormattableString.Invariant($"is {number}, but must be {least} to {most}"));
    }

    /// <summary>A whole number in a range.</summary>
    public long? Integer(string name, long least, long most)
    {
        if (Raw(name) is not { } value) return null;
        long number = IntegerOf(value, PathOf(name));
        return number >= least && number <= most ? number : throw ApiException.Field(PathOf(name), FormattableString.Invariant($"is {number}, but must be {least} to {most}"));
    }

    /// <summary>An object.</summary>
    public JsonFields? Object(string name) => Raw(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new JsonFields(value, PathOf(name)) : throw Wrong(name, "an object", value);

    /// <summary>The items of a list, each with its path.</summary>
    public IReadOnlyList<(JsonElement Value, string Path)>? List(string name)
    {
        if (Raw(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(name, "a list", value);
        string at = PathOf(name);
        return [.. value.EnumerateArray().Select((item, i) => (item, FormattableString.Invariant($"{at}[{i}]")))];
    }

    /// <summary>A list of objects.</summary>
    public IReadOnlyList<JsonFields>? Objects(string name) =>
        List(name) is { } list ? [.. list.Select(item => ObjectOf(item.Value, item.Path))] : null;

    /// <summary>The error of a field that must be there.</summary>
    public ApiException Missing(string name) => ApiException.Field(PathOf(name), "is missing");

    /// <summary>The error of a field of a wrong type.</summary>
    public ApiException Wrong(string name, string wanted, JsonElement value) => WrongType(PathOf(name), wanted, value);

    /// <summary>The error of a value of a wrong type.</summary>
    public static ApiException WrongType(string path, string wanted, JsonElement value) => ApiException.Field(path, $"must be {wanted}, not {Kind(value)}", "invalid_type");

    /// <summary>A value that must be an object.</summary>
    public static JsonFields ObjectOf(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.Object ? new JsonFields(value, path) : throw WrongType(path, "an object", value);

    /// <summary>A value that must be text.</summary>
    public static string TextOf(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.String) throw WrongType(path, "a string", value);
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException failure)
        {
            throw new ApiException(400, $"{path} holds half of a surrogate pair, which is no text", path, cause: failure);
        }
    }

    /// <summary>A value that must be a whole number.</summary>
    public static long IntegerOf(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Number)
        {
            if (value.TryGetInt64(out long whole)) return whole;
            // Some languages know no other numbers.
            if (value.TryGetDouble(out double number) && number == Math.Floor(number) && Math.Abs(number) < 1L << 53) return (long)number;
        }
        throw WrongType(path, "a whole number", value);
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "a whole number" : "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
