using System.Text;
using System.Text.Json;
using Cria.Tensors;
using Microsoft.Extensions.AI;

namespace Cria.Chat;

/// <summary>Conversations between Microsoft.Extensions.AI's messages and a template's turns.</summary>
internal static class ChatMessages
{
    /// <summary>The turns of messages. A message with several tool results becomes several turns.</summary>
    /// <exception cref="NotSupportedException">A message holds content that a Llama cannot read, such as an image.</exception>
    public static List<ChatTurn> ToTurns(IEnumerable<ChatMessage> messages)
    {
        var turns = new List<ChatTurn>();
        foreach (ChatMessage message in messages) AddTurns(turns, message);
        return turns;
    }

    /// <summary>Instructions as the conversation's system message, before the one it begins with.</summary>
    public static List<ChatTurn> WithInstructions(IReadOnlyList<ChatTurn> turns, string instructions)
    {
        // Templates look for one system message at the beginning.
        return turns is [{ Role: "system", Content: { } system } first, ..]
            ? [first with { Content = instructions + "\n\n" + system }, .. turns.Skip(1)]
            : [new ChatTurn("system", instructions), .. turns];
    }

    /// <summary>The prompt of a conversation, also where its template knows one tool call a message and there are several.</summary>
    public static int[] ToPrompt(LanguageModel model, IReadOnlyList<ChatTurn> turns, ChatTemplateOptions template) => Render(model.Template, turns, template).Encode(model.Tokenizer);

    /// <summary>A conversation as its template writes it, also where that knows one tool call a message and there are several.</summary>
    public static ChatPrompt Render(ChatTemplate writer, IReadOnlyList<ChatTurn> turns, ChatTemplateOptions template)
    {
        try
        {
            return writer.Render(turns, template);
        }
        catch (CriaException) when (turns.Any(turn => turn.ToolCalls is { Count: > 1 }))
        {
            return writer.Render(WithSingleCalls(turns), template);
        }
    }

    /// <summary>The same conversation with one tool call a turn, each before its result, for templates that know no more.</summary>
    public static List<ChatTurn> WithSingleCalls(IReadOnlyList<ChatTurn> turns)
    {
        var single = new List<ChatTurn>();
        for (int i = 0; i < turns.Count; i++)
        {
            ChatTurn turn = turns[i];
            if (turn.ToolCalls is not { Count: > 1 } calls)
            {
                single.Add(turn);
                continue;
            }

            int end = i + 1;
            while (end < turns.Count && turns[end].Role == "tool") end++;
            List<ChatTurn> results = [.. turns.Skip(i + 1).Take(end - i - 1)];
            foreach (ChatToolCall call in calls)
            {
                single.Add(turn with { ToolCalls = [call], Content = ReferenceEquals(call, calls[0]) ? turn.Content : null });
                ChatTurn? result = results.Find(candidate => candidate.ToolCallId == call.Id);
                if (result is null) continue;
                single.Add(result);
                results.Remove(result);
            }

            single.AddRange(results);
            i = end - 1;
        }

        return single;
    }

    /// <summary>A function as templates expect it.</summary>
    public static JsonElement ToJson(AIFunctionDeclaration function)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", function.Name);
            if (function.Description.Length > 0) writer.WriteString("description", function.Description);
            writer.WritePropertyName("parameters");
            function.JsonSchema.WriteTo(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }

    /// <summary>A call that the model made.</summary>
    public static FunctionCallContent ToContent(ChatToolCall call, string fallbackId) =>
        new(call.Id ?? fallbackId, call.Name, call.Arguments.EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)argument.Value));

    private static void AddTurns(List<ChatTurn> turns, ChatMessage message)
    {
        var text = new StringBuilder();
        var reasoning = new StringBuilder();
        var calls = new List<ChatToolCall>();
        bool hasText = false, hasResults = false;
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent part:
                    text.Append(part.Text);
                    hasText = true;
                    break;
                case TextReasoningContent part:
                    reasoning.Append(part.Text);
                    break;
                case FunctionCallContent call:
                    calls.Add(new(call.Name, Arguments(call), call.CallId));
                    break;
                case FunctionResultContent result:
                    turns.Add(ResultTurn(result));
                    hasResults = true;
                    break;
                case UsageContent:
                    break;
                default:
                    throw new NotSupportedException($"{content.GetType().Name} in a {message.Role.Value} message is not supported: the model reads text, tool calls and tool results");
            }
        }

        if (hasResults && !hasText && calls.Count == 0) return;
        turns.Add(new ChatTurn(message.Role.Value, hasText || calls.Count == 0 ? text.ToString() : null)
        {
            ToolCalls = calls.Count > 0 ? calls : null,
            Name = message.AuthorName,
            Extra = reasoning.Length > 0 ? new Dictionary<string, object?> { ["reasoning_content"] = reasoning.ToString() } : null,
        });
    }

    private static ChatTurn ResultTurn(FunctionResultContent result)
    {
        object? value = result.Exception is { } failure && result.Result is null ? $"Error: {failure.Message}" : result.Result;
        var turn = new ChatTurn("tool", value as string) { ToolCallId = result.CallId };
        if (value is string) return turn;
        JsonElement json = value is JsonElement element ? element
            : JsonSerializer.SerializeToElement(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(object)));
        return json.ValueKind == JsonValueKind.String ? turn with { Content = json.GetString() } : turn with { Data = json };
    }

    private static JsonElement Arguments(FunctionCallContent call) =>
        JsonSerializer.SerializeToElement(call.Arguments ?? new Dictionary<string, object?>(), AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)));
}
