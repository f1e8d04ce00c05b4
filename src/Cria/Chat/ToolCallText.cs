using System.Text.Json;

namespace Cria.Chat;

/// <summary>Reads calls from whole pieces of text; what is no call gives none.</summary>
internal static class ToolCallText
{
    /// <summary>The keys a call in JSON may begin with.</summary>
    public static readonly string[] Keys = ["name", "parameters", "arguments", "function", "type", "id"];

    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement;

    /// <summary>Calls in an object, a list of objects, or a list of calls as Python writes them.</summary>
    public static ChatToolCall[] ReadBracketed(string text, HashSet<string>? known)
    {
        text = text.TrimStart(' ', '\t', '\r', '\n', ',', ';');
        if (text.StartsWith('[') && PythonCalls.TryReadList(text, out ChatToolCall[] python)) return python.All(call => IsKnown(call.Name, known)) ? python : [];
        if (Parse(text) is not { } json) return [];
        if (json.ValueKind == JsonValueKind.Object) return ReadObject(json, known) is { } call ? [call] : [];
        ChatToolCall[] calls = [.. json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Object ? ReadObject(item, known) : null).OfType<ChatToolCall>()];
        return calls.Length == json.GetArrayLength() ? calls : [];
    }

    /// <summary>Calls after <c>&lt;|python_tag|&gt;</c>: JSON, <c>tool.call(…)</c>, or code for the interpreter.</summary>
    public static ChatToolCall[] ReadPython(string text, HashSet<string>? known)
    {
        string trimmed = text.Trim();
        if (trimmed.Length == 0) return [];
        if (trimmed[0] is '{' or '[')
        {
            // Several objects stand one after the other, with semicolons or line breaks between them.
            var inner = new ToolCallParser(known);
            AnswerPart[] parts = [.. inner.Push(trimmed), .. inner.Finish()];
            if (parts.Length > 0 && parts.All(part => part.Call is not null)) return [.. parts.Select(part => part.Call!)];
        }

        if (PythonCalls.TryRead(trimmed, out ChatToolCall? call))
        {
            string name = call.Name.EndsWith(".call", StringComparison.Ordinal) ? call.Name[..^".call".Length] : call.Name;
            if (name != call.Name || known?.Contains(name) == true) return IsKnown(name, known) ? [call with { Name = name }] : [];
        }

        return IsKnown("code_interpreter", known) ? [new("code_interpreter", CodeArguments(trimmed))] : [];
    }

    /// <summary>A call written as <c>name&gt;{…}</c>, what stands between the marks of a custom function.</summary>
    public static ChatToolCall? ReadFunction(string text, HashSet<string>? known)
    {
        int end = text.IndexOf('>', StringComparison.Ordinal);
        if (end <= 0) return null;
        string name = text[..end].Trim();
        string body = text[(end + 1)..].Trim();
        // The models also end the call with a bare end of turn, or with the tag's first characters.
        if (Parse(body) is { ValueKind: JsonValueKind.Object } arguments) return IsKnown(name, known) ? new(name, arguments) : null;
        return body.Length == 0 && IsKnown(name, known) ? new(name, NoArguments) : null;
    }

    private static ChatToolCall? ReadObject(JsonElement json, HashSet<string>? known)
    {
        string? id = json.TryGetProperty("id", out JsonElement given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        if (json.TryGetProperty("function", out JsonElement function))
        {
            if (function.ValueKind == JsonValueKind.Object) return ReadObject(function, known) is { } inner ? inner with { Id = id ?? inner.Id } : null;
        }
        else if (!json.TryGetProperty("name", out function))
        {
            return null;
        }

        if (function.ValueKind != JsonValueKind.String || !IsKnown(function.GetString()!, known)) return null;
        if (!json.TryGetProperty("parameters", out JsonElement arguments) && !json.TryGetProperty("arguments", out arguments))
            return known is null ? null : new(function.GetString()!, NoArguments, id);
        if (arguments.ValueKind == JsonValueKind.String) arguments = Parse(arguments.GetString()!) ?? arguments;
        if (arguments.ValueKind == JsonValueKind.Null) arguments = NoArguments;
        return arguments.ValueKind == JsonValueKind.Object ? new(function.GetString()!, arguments, id) : null;
    }

    private static bool IsKnown(string name, HashSet<string>? known) => name.Length > 0 && (known is null || known.Contains(name));

    private static JsonElement? Parse(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonElement CodeArguments(string code)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("code", code);
            writer.WriteEndObject();
        }

        return Parse(System.Text.Encoding.UTF8.GetString(stream.ToArray()))!.Value;
    }
}
