using System.Text;
using System.Text.Json;
using Cria.Chat;

namespace Cria.Server.Answers;

/// <summary>Writes chat completions as OpenAI has them, whole and in chunks.</summary>
/// <param name="host">The model on offer.</param>
/// <param name="model">The name of what answers.</param>
/// <param name="endsWithUsage">Whether a stream ends with what the answers cost; its other chunks then say that they do not know.</param>
internal sealed class ChatAnswer(ModelHost host, string model, bool endsWithUsage = false)
{
    private readonly string id = $"chatcmpl-{Guid.NewGuid():N}";
    private readonly long created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private readonly Dictionary<int, int> callCounts = [];

    /// <summary>The first chunk of an answer, which says who speaks.</summary>
    public void WriteRole(Utf8JsonWriter json, int index)
    {
        Begin(json, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteStartObject("delta");
        json.WriteString("role", "assistant");
        json.WriteString("content", "");
        json.WriteEndObject();
        json.WriteNull("finish_reason");
        json.WriteEndObject();
        EndChunk(json);
    }

    /// <summary>A chunk.</summary>
    public void WriteChunk(Utf8JsonWriter json, ChoicePart part, bool hasLogProbabilities)
    {
        Begin(json, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", part.Index);
        json.WriteStartObject("delta");
        if (part.Text.Length > 0) json.WriteString("content", part.Text);
        if (part.Calls.Count > 0) WriteCalls(json, part.Calls, part.Index, isChunk: true);
        json.WriteEndObject();
        if (hasLogProbabilities) TokenProbabilities.WriteChat(json, part.Piece.Token is null ? [] : [part.Piece], host.Model.Tokenizer);
        json.WriteString("finish_reason", part.Finish);
        json.WriteEndObject();
        EndChunk(json);
    }

    /// <summary>The chunk that ends a stream where usage was asked for.</summary>
    public void WriteUsageChunk(Utf8JsonWriter json, IReadOnlyList<ChoiceReader> choices)
    {
        Begin(json, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteEndArray();
        UsageJson.Write(json, choices);
        json.WriteEndObject();
    }

    /// <summary>All answers at once.</summary>
    public void WriteWhole(Utf8JsonWriter json, IReadOnlyList<ChoiceReader> choices, IReadOnlyList<List<ChoicePart>> parts, bool hasLogProbabilities)
    {
        Begin(json, "chat.completion");
        json.WriteStartArray("choices");
        foreach (ChoiceReader choice in choices)
        {
            List<ChoicePart> own = parts[choice.Index];
            ChatToolCall[] calls = [.. own.SelectMany(part => part.Calls)];
            var text = new StringBuilder();
            foreach (ChoicePart part in own) text.Append(part.Text);
            json.WriteStartObject();
            json.WriteNumber("index", choice.Index);
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", text.Length > 0 || calls.Length == 0 ? text.ToString() : null);
            json.WriteNull("refusal");
            if (calls.Length > 0) WriteCalls(json, calls, choice.Index, isChunk: false);
            json.WriteEndObject();
            if (hasLogProbabilities) TokenProbabilities.WriteChat(json, own.Where(part => part.Piece.Token is not null).Select(part => part.Piece), host.Model.Tokenizer);
            else json.WriteNull("logprobs");
            json.WriteString("finish_reason", own[^1].Finish);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        UsageJson.Write(json, choices);
        json.WriteEndObject();
    }

    private void Begin(Utf8JsonWriter json, string kind)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", kind);
        json.WriteNumber("created", created);
        json.WriteString("model", model);
    }

    private void EndChunk(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        if (endsWithUsage) json.WriteNull("usage");
        json.WriteEndObject();
    }

    private void WriteCalls(Utf8JsonWriter json, IReadOnlyList<ChatToolCall> calls, int choice, bool isChunk)
    {
        json.WriteStartArray("tool_calls");
        foreach (ChatToolCall call in calls)
        {
            int number = callCounts.GetValueOrDefault(choice);
            callCounts[choice] = number + 1;
            json.WriteStartObject();
            if (isChunk) json.WriteNumber("index", number);
            json.WriteString("id", call.Id ?? FormattableString.Invariant($"call_{id["chatcmpl-".Length..]}_{choice}_{number}"));
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", call.Name);
            json.WriteString("arguments", call.Arguments.GetRawText());
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
