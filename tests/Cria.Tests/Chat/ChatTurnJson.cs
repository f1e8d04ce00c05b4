using System.Text.Json;
using Cria.Chat;

namespace Cria.Tests.Chat;

/// <summary>Reads the messages of reference files.</summary>
internal static class ChatTurnJson
{
    public static ChatTurn[] ReadTurns(JsonElement messages) => [.. messages.EnumerateArray().Select(ReadTurn)];

    private static ChatTurn ReadTurn(JsonElement message)
    {
        JsonElement content = message.GetProperty("content");
        bool isText = content.ValueKind == JsonValueKind.String;
        return new ChatTurn(message.GetProperty("role").GetString()!, isText ? content.GetString() : null)
        {
            Data = isText || content.ValueKind == JsonValueKind.Null ? null : content,
            Name = Text(message, "name"),
            ToolCallId = Text(message, "tool_call_id"),
            ToolCalls = message.TryGetProperty("tool_calls", out JsonElement calls) ? [.. calls.EnumerateArray().Select(ReadCall)] : null,
        };
    }

    private static ChatToolCall ReadCall(JsonElement call)
    {
        JsonElement function = call.GetProperty("function");
        return new(function.GetProperty("name").GetString()!, function.GetProperty("arguments"), Text(call, "id"));
    }

    private static string? Text(JsonElement owner, string name) => owner.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
