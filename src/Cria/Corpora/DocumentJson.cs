using System.Text.Json;
using Cria.Chat;
using Cria.Tensors;

namespace Cria.Corpora;

/// <summary>
/// A document from JSON, known by its keys:
/// <code>
/// text:     {"text": "…"}
/// OpenAI:   {"messages": [{"role": "user", "content": "…"}, …], "tools": […]}
/// ShareGPT: {"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}], "system": "…"}
/// Alpaca:   {"instruction": "…", "input": "…", "output": "…", "system": "…"}
/// TRL:      {"prompt": "…", "completion": "…"}
/// Axolotl:  {"segments": [{"label": false, "text": "…"}, {"label": true, "text": "…"}, …]}
/// tokens:   {"tokens": [128000, …], "learn": [[start, count], …]}
/// </code>
/// Those with a completion or segments are texts without a chat template: the completion, and the parts with a true label, are learnt.
/// </summary>
public static class DocumentJson
{
    /// <summary>Reads a document. Later use of <paramref name="value"/>'s own document does not matter to it.</summary>
    /// <param name="place">Where it stands, for messages.</param>
    /// <param name="value">The object.</param>
    /// <exception cref="CriaException">It is of none of the forms, or something in it is not as the form has it.</exception>
    public static Document Read(string place, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) throw new CriaException($"{place}: {Kind(value)} instead of an object; write {{\"text\": …}}, {{\"messages\": …}}, {{\"conversations\": …}} or {{\"instruction\": …, \"output\": …}}");
        try
        {
            Document document = Known(place, value);
            return Source(value) is { } source ? document with { Source = source } : document;
        }
        catch (InvalidOperationException failure)
        {
            throw new CriaException($"{place}: a text is not valid Unicode; correct the file", failure);
        }
    }

    private static Document Known(string place, JsonElement value)
    {
        if (value.TryGetProperty("messages", out JsonElement messages)) return OpenAi(place, value, messages);
        if (value.TryGetProperty("conversations", out JsonElement conversations)) return ShareGpt(place, value, conversations);
        if (value.TryGetProperty("instruction", out _)) return Alpaca(place, value);
        if (value.TryGetProperty("segments", out JsonElement segments)) return Axolotl(place, segments);
        if (value.TryGetProperty("completion", out _)) return Segmented(place, [new DocumentSegment(Text(place, value, "prompt"), false), new DocumentSegment(Text(place, value, "completion"), true)]);
        if (value.TryGetProperty("text", out _)) return new TextDocument(place, Text(place, value, "text"));
        if (value.TryGetProperty("tokens", out JsonElement tokens)) return Tokens(place, value, tokens);
        string keys = string.Join(", ", value.EnumerateObject().Select(entry => entry.Name).Take(8)).ReplaceLineEndings(" ");
        throw new CriaException($"{place}: no document has {(keys.Length == 0 ? "no keys" : $"the keys {keys}")}; write text, messages, conversations, instruction and output, prompt and completion, or segments");
    }

    private static TokenDocument Tokens(string place, JsonElement value, JsonElement tokens)
    {
        int[] ids = Numbers(place, "tokens", tokens);
        if (Property(value, "learn") is not { } learn) return new TokenDocument(place, ids, null);
        if (learn.ValueKind != JsonValueKind.Array) throw new CriaException($"{place}: learn is {Kind(learn)} instead of a list of [start, count]");
        var stretches = new List<(int, int)>();
        foreach (JsonElement stretch in learn.EnumerateArray())
        {
            int[] pair = Numbers(place, "learn", stretch);
            if (pair.Length != 2 || pair[0] + (long)pair[1] > ids.Length) throw new CriaException($"{place}: learn has a stretch that is not inside the {ids.Length} tokens; write [start, count]");
            stretches.Add((pair[0], pair[1]));
        }
        return new TokenDocument(place, ids, stretches);
    }

    private static int[] Numbers(string place, string name, JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array) throw new CriaException($"{place}: {name} is {Kind(list)} instead of a list of whole numbers");
        var numbers = new int[list.GetArrayLength()];
        int at = 0;
        foreach (JsonElement entry in list.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Number || !entry.TryGetInt32(out numbers[at]) || numbers[at] < 0) throw new CriaException($"{place}: {name} holds {entry.GetRawText()}, which is no whole number of 0 or more");
            at++;
        }
        return numbers;
    }

    private static string? Source(JsonElement value)
    {
        if (Name(value, "source") is { } own) return own;
        return value.TryGetProperty("meta", out JsonElement meta) && meta.ValueKind == JsonValueKind.Object ? Name(meta, "source") ?? Name(meta, "redpajama_set_name") : null;
    }

    private static string? Name(JsonElement parent, string name) => parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static ConversationDocument OpenAi(string place, JsonElement value, JsonElement messages)
    {
        List<ChatTurn> turns = [];
        foreach ((string at, JsonElement message) in Entries(place, messages, "messages"))
            turns.Add(Message(at, message));
        IReadOnlyList<JsonElement>? tools = Property(value, "tools") is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(tool => tool.Clone())] : null;
        return new ConversationDocument(place, turns) { Tools = tools };
    }

    private static ChatTurn Message(string at, JsonElement message)
    {
        List<ChatToolCall> calls = [];
        if (Property(message, "tool_calls") is { } list)
            foreach ((string callAt, JsonElement call) in Entries(at, list, "tool_calls")) calls.Add(ToolCall(callAt, call));
        JsonElement? content = Property(message, "content");
        string? text = content switch
        {
            null => calls.Count > 0 ? null : throw new CriaException($"{at}: content is missing; give it as a text"),
            { ValueKind: JsonValueKind.Array } parts => string.Concat(Parts(at, parts)),
            _ => Text(at, message, "content"),
        };
        return new ChatTurn(Text(at, message, "role"), text)
        {
            ToolCalls = calls.Count > 0 ? calls : null,
            ToolCallId = Property(message, "tool_call_id") is null ? null : Text(at, message, "tool_call_id"),
            Name = Property(message, "name") is null ? null : Text(at, message, "name"),
        };
    }

    private static IEnumerable<string> Parts(string at, JsonElement parts)
    {
        foreach ((string partAt, JsonElement part) in Entries(at, parts, "content"))
            yield return Property(part, "text") is not null ? Text(partAt, part, "text") : throw new CriaException($"{partAt}: a part without text; Cria trains on text alone");
    }

    private static ChatToolCall ToolCall(string at, JsonElement call)
    {
        JsonElement function = Property(call, "function") is { ValueKind: JsonValueKind.Object } inside ? inside : call;
        JsonElement arguments = Property(function, "arguments") ?? default;
        if (arguments.ValueKind == JsonValueKind.String)
        {
            try
            {
                using JsonDocument parsed = JsonDocument.Parse(arguments.GetString()!);
                arguments = parsed.RootElement.Clone();
            }
            catch (JsonException failure)
            {
                throw new CriaException($"{at}: arguments is a text that is not JSON; correct it", failure);
            }
        }
        return new ChatToolCall(Text(at, function, "name"), arguments.ValueKind == JsonValueKind.Undefined ? default : arguments.Clone(), Property(call, "id") is null ? null : Text(at, call, "id"));
    }

    private static ConversationDocument ShareGpt(string place, JsonElement value, JsonElement conversations)
    {
        List<ChatTurn> turns = SystemTurn(place, value);
        foreach ((string at, JsonElement turn) in Entries(place, conversations, "conversations"))
        {
            string from = Text(at, turn, "from");
            turns.Add(new ChatTurn(Role(from) ?? throw new CriaException($"{at}: nobody is called '{from}'; write system, human, gpt or tool".ReplaceLineEndings(" ")), Text(at, turn, "value")));
        }
        return new ConversationDocument(place, turns);
    }

    private static string? Role(string from) => from switch
    {
        "system" => "system",
        "human" or "user" => "user",
        "gpt" or "assistant" or "chatgpt" or "model" or "bard" or "bing" => "assistant",
        "tool" or "function" or "observation" => "tool",
        _ => null,
    };

    private static ConversationDocument Alpaca(string place, JsonElement value)
    {
        List<ChatTurn> turns = SystemTurn(place, value);
        string instruction = Text(place, value, "instruction");
        string input = Property(value, "input") is null ? "" : Text(place, value, "input");
        turns.Add(new ChatTurn("user", input.Length == 0 ? instruction : instruction.Length == 0 ? input : $"{instruction}\n\n{input}"));
        turns.Add(new ChatTurn("assistant", Text(place, value, "output")));
        return new ConversationDocument(place, turns);
    }

    private static SegmentedDocument Axolotl(string place, JsonElement segments)
    {
        List<DocumentSegment> parts = [];
        foreach ((string at, JsonElement segment) in Entries(place, segments, "segments"))
        {
            bool isLearnt = Property(segment, "label") switch
            {
                { ValueKind: JsonValueKind.True } => true,
                { ValueKind: JsonValueKind.False } => false,
                { } other => throw new CriaException($"{at}: label is {Kind(other)} instead of true or false"),
                null => throw new CriaException($"{at}: label is missing; write true where the text is to be learnt, else false"),
            };
            parts.Add(new DocumentSegment(Text(at, segment, "text"), isLearnt));
        }
        return Segmented(place, parts);
    }

    private static SegmentedDocument Segmented(string place, IReadOnlyList<DocumentSegment> segments) => segments.Any(segment => segment.IsLearnt && segment.Text.Length > 0)
        ? new SegmentedDocument(place, segments)
        : throw new CriaException($"{place}: nothing in it is to be learnt; give it a completion, or a segment with the label true");

    private static List<ChatTurn> SystemTurn(string place, JsonElement value) =>
        Property(value, "system") is not null && Text(place, value, "system") is { Length: > 0 } system ? [new ChatTurn("system", system)] : [];

    private static IEnumerable<(string At, JsonElement Value)> Entries(string at, JsonElement list, string name)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0) throw new CriaException($"{at}: {name} is {Kind(list)} instead of a list with entries");
        int index = 0;
        foreach (JsonElement entry in list.EnumerateArray())
        {
            string place = FormattableString.Invariant($"{at}: {name}[{index++}]");
            yield return entry.ValueKind == JsonValueKind.Object ? (place, entry) : throw new CriaException($"{place} is {Kind(entry)} instead of an object");
        }
    }

    private static string Text(string at, JsonElement parent, string name) => Property(parent, name) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { } other => throw new CriaException($"{at}: {name} is {Kind(other)} instead of a text"),
        null => throw new CriaException($"{at}: {name} is missing; give it as a text"),
    };

    /// <summary>A property that is neither missing nor null.</summary>
    private static JsonElement? Property(JsonElement parent, string name) => parent.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => value.GetArrayLength() == 0 ? "an empty list" : "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a truth value",
        _ => "null",
    };
}
