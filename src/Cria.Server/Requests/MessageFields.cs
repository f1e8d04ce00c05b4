using System.Text;
using System.Text.Json;
using Cria.Chat;

namespace Cria.Server.Requests;

/// <summary>The messages of a chat request as a template's turns.</summary>
internal static class MessageFields
{
    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement;

    /// <summary>Reads <c>messages</c>.</summary>
    public static List<ChatTurn> Read(JsonFields fields)
    {
        IReadOnlyList<JsonFields> messages = fields.Objects("messages") ?? throw fields.Missing("messages");
        if (messages.Count == 0) throw ApiException.Field("messages", "is empty; send at least one message");
        return [.. messages.Select(Turn)];
    }

    private static ChatTurn Turn(JsonFields message)
    {
        string role = message.RequiredText("role") switch
        {
            // OpenAI's newer name for the same thing.
            "developer" => "system",
            "function" => "tool",
            string known and ("system" or "user" or "assistant" or "tool" or "ipython") => known,
            string other => throw ApiException.Field(message.PathOf("role"), $"is '{other}', but must be system, developer, user, assistant or tool"),
        };
        IReadOnlyList<ChatToolCall>? calls = role == "assistant" ? Calls(message) : null;
        string? content = Content(message);
        if (content is null && calls is null) throw message.Missing("content");
        return new ChatTurn(role, content) { ToolCalls = calls, ToolCallId = message.Text("tool_call_id"), Name = message.Text("name") };
    }

    private static string? Content(JsonFields message)
    {
        if (message.Raw("content") is not { } content) return message.Text("refusal");
        string path = message.PathOf("content");
        if (content.ValueKind == JsonValueKind.String) return JsonFields.TextOf(content, path);
        if (content.ValueKind != JsonValueKind.Array) throw JsonFields.WrongType(path, "a string or a list of text parts", content);
        var text = new StringBuilder();
        foreach (JsonFields part in message.Objects("content")!)
        {
            string type = part.RequiredText("type");
            text.Append(type switch
            {
                "text" or "input_text" or "output_text" => part.RequiredText("text"),
                "refusal" => part.RequiredText("refusal"),
                _ => throw ApiException.Field(part.PathOf("type"), $"is '{type}', but this model reads text only"),
            });
        }
        return text.ToString();
    }

    private static ChatToolCall[]? Calls(JsonFields message)
    {
        if (message.Objects("tool_calls") is not { Count: > 0 } calls) return null;
        return [.. calls.Select(call =>
        {
            JsonFields function = call.Object("function") ?? throw call.Missing("function");
            return new ChatToolCall(function.RequiredText("name"), Arguments(function), call.Text("id"));
        })];
    }

    private static JsonElement Arguments(JsonFields function)
    {
        if (function.Raw("arguments") is not { } arguments) return NoArguments;
        if (arguments.ValueKind == JsonValueKind.Object) return arguments;
        string path = function.PathOf("arguments"), text = JsonFields.TextOf(arguments, path);
        if (text.Length == 0) return NoArguments;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document.RootElement.Clone();
        }
        catch (JsonException failure)
        {
            throw new ApiException(400, $"{path} is not valid JSON", path, cause: failure);
        }
        throw ApiException.Field(path, "must be a JSON object");
    }
}
