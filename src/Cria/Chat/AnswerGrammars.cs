using System.Text.Json;
using System.Text.Json.Nodes;
using Cria.Generation.Grammar;
using Cria.Tokenization;
using Microsoft.Extensions.AI;

namespace Cria.Chat;

/// <summary>The grammars that answers are held to, remembered by their schema, because a used grammar knows many of its masks. Safe for concurrent use.</summary>
internal sealed class AnswerGrammars(Tokenizer tokenizer)
{
    private const int Capacity = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<string, TokenGrammar> known = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();

    /// <summary>The grammar of any JSON object.</summary>
    public TokenGrammar JsonObject() => Remember("", () => TokenGrammar.JsonObject(tokenizer));

    /// <summary>The grammar of a schema.</summary>
    public TokenGrammar Of(JsonElement schema) => Remember(schema.GetRawText(), () => TokenGrammar.FromJsonSchema(tokenizer, schema));

    /// <summary>The grammar of a pattern.</summary>
    public TokenGrammar OfRegex(string pattern) => Remember("/" + pattern, () => TokenGrammar.FromRegex(tokenizer, pattern));

    /// <summary>A schema of answers that call one of the functions or, where <paramref name="otherwise"/> is given, are valid under that.</summary>
    public static JsonElement CallSchema(IEnumerable<AIFunctionDeclaration> functions, JsonElement? otherwise = null)
    {
        var choices = new JsonArray();
        foreach (AIFunctionDeclaration function in functions)
        {
            choices.Add((JsonNode)new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject
                {
                    ["name"] = new JsonObject { ["const"] = function.Name },
                    ["parameters"] = Moved(function.JsonSchema, $"/anyOf/{choices.Count}/properties/parameters"),
                },
                ["required"] = new JsonArray("name", "parameters"),
                ["additionalProperties"] = false,
            });
        }

        if (otherwise is { } other) choices.Add(Moved(other, $"/anyOf/{choices.Count}"));
        return JsonDocument.Parse(new JsonObject { ["anyOf"] = choices }.ToJsonString()).RootElement;
    }

    // References count from the root, so a schema that goes into another one must name its new place.
    private static JsonNode? Moved(JsonElement schema, string place)
    {
        JsonNode? node = JsonNode.Parse(schema.GetRawText());
        Move(node);
        return node;

        void Move(JsonNode? at)
        {
            if (at is JsonArray items)
            {
                foreach (JsonNode? item in items) Move(item);
            }

            if (at is not JsonObject members) return;
            if (members["$ref"] is JsonValue reference && reference.TryGetValue(out string? target) && target.StartsWith('#')) members["$ref"] = "#" + place + target[1..];
            foreach ((string key, JsonNode? value) in members)
            {
                // Values are data, whatever they look like.
                if (key is not ("const" or "enum" or "default" or "examples")) Move(value);
            }
        }
    }

    private TokenGrammar Remember(string key, Func<TokenGrammar> make)
    {
        lock (gate)
        {
            if (known.TryGetValue(key, out TokenGrammar? found)) return found;
        }

        TokenGrammar made = make();
        lock (gate)
        {
            if (!known.TryAdd(key, made)) return known[key];
            order.Enqueue(key);
            if (order.Count > Capacity) known.Remove(order.Dequeue());
            return made;
        }
    }
}
