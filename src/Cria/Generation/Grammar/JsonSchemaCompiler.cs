using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cria.Tensors;

namespace Cria.Generation.Grammar;

/// <summary>
/// Turns a JSON schema into an expression. Every text of the expression is valid under the schema; not every valid text is one:
/// declared properties come in their order, unnamed ones only where <c>additionalProperties</c> allows them in words, white space is bounded.
/// </summary>
internal sealed partial class JsonSchemaCompiler
{
    private const int DeepestNesting = 200;
    private const int MostCount = 1 << 16;

    private static readonly string[] Unsupported =
    [
        "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies", "patternProperties", "propertyNames", "minProperties", "maxProperties",
        "contains", "minContains", "maxContains", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef",
    ];

    private readonly JsonElement given;
    private JsonNode? root;
    private readonly JsonGrammar json = new();
    private readonly Dictionary<string, Expression.Rule> rules = new(StringComparer.Ordinal);
    private readonly Queue<(Expression.Rule Rule, JsonNode? Schema, string Place)> open = new();
    private int depth;

    /// <summary>Takes the schema.</summary>
    public JsonSchemaCompiler(JsonElement schema) => given = schema;

    /// <summary>The expression of the whole schema.</summary>
    /// <exception cref="CriaException">The schema is malformed or uses what is not supported; the message names the keyword and its place.</exception>
    public Expression Compile()
    {
        try
        {
            root = JsonNode.Parse(given.GetRawText());
            Expression start = Reference("#", "#");
            while (open.TryDequeue(out (Expression.Rule Rule, JsonNode? Schema, string Place) next))
                next.Rule.Body = Compile(next.Schema, next.Place);
            return start;
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or OverflowException or ArgumentException or JsonException)
        {
            throw new CriaException($"the JSON schema is malformed: {error.Message.ReplaceLineEndings(" ")}", error);
        }
    }

    private Expression Compile(JsonNode? schema, string place)
    {
        if (schema is JsonValue && schema.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
            return schema.GetValueKind() == JsonValueKind.True ? json.Value : new Expression.Choice([]);
        if (schema is not JsonObject keywords)
            throw new CriaException($"the JSON schema at {place} should be an object, true or false");
        if (keywords["$ref"] is JsonNode reference && keywords.All(entry => entry.Key == "$ref" || JsonSchemaMerge.IsAnnotation(entry.Key)))
            return Reference(reference.GetValue<string>(), place);
        if (++depth > DeepestNesting)
            throw new CriaException($"the JSON schema at {place} nests or refers to itself too deeply to be joined; write the recursion with a plain $ref");
        Expression compiled = CompileFlat(Flatten(keywords, place), place);
        depth--;
        return compiled;
    }

    /// <summary>The schema without <c>$ref</c> and <c>allOf</c>, with <c>const</c> as an <c>enum</c> of one, <c>oneOf</c> as <c>anyOf</c>, and <c>pattern</c> in a list.</summary>
    private JsonObject Flatten(JsonObject schema, string place)
    {
        if (++depth > DeepestNesting)
            throw new CriaException($"the JSON schema at {place} refers to itself in a conjunction; write the recursion with a plain $ref");
        foreach (string keyword in Unsupported)
        {
            if (schema.ContainsKey(keyword))
                throw new CriaException($"the JSON schema at {place} uses '{keyword}', which constrained generation does not support; remove it or check it afterwards");
        }
        if (schema["uniqueItems"]?.GetValue<bool>() == true)
            throw new CriaException($"the JSON schema at {place} uses 'uniqueItems', which constrained generation does not support; remove it or check it afterwards");
        JsonObject flat = [];
        List<JsonNode?> parts = [];
        foreach ((string keyword, JsonNode? value) in schema)
        {
            if (value is null && keyword != "const" && !JsonSchemaMerge.IsAnnotation(keyword))
                throw new CriaException($"the JSON schema at {place} has null for '{keyword}'; remove it or give it a value");
            switch (keyword)
            {
                case "$ref":
                    parts.Add(Resolve(value!.GetValue<string>(), place));
                    break;
                case "allOf":
                    parts.AddRange(value!.AsArray());
                    break;
                case "const":
                    parts.Add(new JsonObject { ["enum"] = new JsonArray(value?.DeepClone()) });
                    break;
                case "oneOf":
                    CheckApart(schema, value!.AsArray(), place);
                    parts.Add(new JsonObject { ["anyOf"] = value!.DeepClone() });
                    break;
                case "pattern":
                    flat[JsonSchemaMerge.Patterns] = new JsonArray(value!.GetValue<string>());
                    break;
                case "nullable" when value!.GetValue<bool>() && schema["type"] is JsonNode type:
                    flat["type"] = new JsonArray([.. type is JsonArray several ? several.Select(each => each?.DeepClone()) : [type.DeepClone()], "null"]);
                    break;
                default:
                    if (!JsonSchemaMerge.IsAnnotation(keyword) && !flat.ContainsKey(keyword))
                        flat[keyword] = value?.DeepClone();
                    break;
            }
        }
        foreach (JsonNode? part in parts)
        {
            if (part is JsonValue && part.GetValueKind() == JsonValueKind.True)
                continue;
            JsonObject next = part is JsonValue && part.GetValueKind() == JsonValueKind.False
                ? new JsonObject { ["enum"] = new JsonArray() }
                : Flatten(part as JsonObject ?? throw new CriaException($"the JSON schema at {place} holds a part that is no schema"), place);
            flat = JsonSchemaMerge.Both(flat, next, place);
        }
        depth--;
        return flat;
    }

    private Expression.Choice CompileFlat(JsonObject schema, string place)
    {
        if (schema["anyOf"] is JsonNode anyOf)
        {
            JsonObject rest = (JsonObject)schema.DeepClone();
            rest.Remove("anyOf");
            List<Expression> ways = [];
            int index = 0;
            foreach (JsonNode? branch in anyOf.AsArray())
            {
                string branchPlace = string.Create(CultureInfo.InvariantCulture, $"{place}/anyOf/{index++}");
                ways.Add(rest.Count == 0 ? Compile(branch, branchPlace) : Compile(new JsonObject { ["allOf"] = new JsonArray(rest.DeepClone(), branch?.DeepClone()) }, branchPlace));
            }
            return new Expression.Choice(ways);
        }
        if (schema["enum"] is JsonNode values)
            return Values(schema, values.AsArray(), place);
        return new Expression.Choice([.. TypesOf(schema).Select(type => OfType(type, schema, place))]);
    }

    private static string[] TypesOf(JsonObject schema)
    {
        switch (schema["type"])
        {
            case JsonArray several:
                return [.. several.Select(type => type!.GetValue<string>())];
            case JsonNode one:
                return [one.GetValue<string>()];
        }
        // Without a type, the keywords tell which kind of value is meant.
        List<string> meant = [];
        if (schema.Any(entry => entry.Key is "properties" or "required" or "additionalProperties"))
            meant.Add("object");
        if (schema.Any(entry => entry.Key is "items" or "prefixItems" or "minItems" or "maxItems"))
            meant.Add("array");
        if (schema.Any(entry => entry.Key is "minLength" or "maxLength" or JsonSchemaMerge.Patterns or "format"))
            meant.Add("string");
        if (schema.Any(entry => entry.Key is "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf"))
            meant.Add("number");
        return meant.Count > 0 ? [.. meant] : ["any"];
    }

    private Expression OfType(string type, JsonObject schema, string place) => type switch
    {
        "any" => json.Value,
        "null" => json.Null,
        "boolean" => json.Boolean,
        "string" => OfString(schema, place),
        "integer" or "number" => OfNumber(type, schema, place),
        "array" => OfArray(schema, place),
        "object" => OfObject(schema, place),
        _ => throw new CriaException($"the JSON schema at {place} has the type '{type}', which JSON does not know"),
    };

    private static Expression.Choice Values(JsonObject schema, JsonArray values, string place)
    {
        foreach ((string keyword, _) in schema)
        {
            if (keyword is not ("enum" or "type" or "nullable"))
                throw new CriaException($"the JSON schema at {place} uses '{keyword}' together with enum or const, which constrained generation does not support; leave only the values that fit");
        }
        string[]? types = schema.ContainsKey("type") ? TypesOf(schema) : null;
        return new Expression.Choice([.. values.Where(value => types is null || types.Any(type => IsOfType(value, type))).Select(value => JsonGrammar.Bytes(Write(value)))]);
    }

    private static bool IsOfType(JsonNode? value, string type) => (value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        JsonValueKind.Null => type == "null",
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        JsonValueKind.String => type == "string",
        JsonValueKind.Array => type == "array",
        JsonValueKind.Object => type == "object",
        _ => type == "number" || (type == "integer" && decimal.IsInteger(value!.GetValue<decimal>())),
    };

    private static string Write(JsonNode? value) => value switch
    {
        null => "null",
        JsonArray items => "[" + string.Join(", ", items.Select(Write)) + "]",
        JsonObject members => "{" + string.Join(", ", members.Select(member => Quoted(member.Key) + ": " + Write(member.Value))) + "}",
        _ when value.GetValueKind() == JsonValueKind.String => Quoted(value.GetValue<string>()),
        _ => value.ToJsonString(),
    };

    private static string Quoted(string text) => System.Text.Encoding.UTF8.GetString(JsonText.Quote(text));

    /// <summary>A rule for the schema that a reference names; made once for each.</summary>
    private Expression.Rule Reference(string reference, string place)
    {
        if (!rules.TryGetValue(reference, out Expression.Rule? rule))
        {
            rule = new Expression.Rule(reference);
            rules.Add(reference, rule);
            open.Enqueue((rule, Resolve(reference, place), reference));
        }
        return rule;
    }

    private JsonNode? Resolve(string reference, string place)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
            throw new CriaException($"the JSON schema at {place} refers to '{reference}', outside the schema; copy what it names into $defs and refer to '#/$defs/…'");
        JsonNode? node = root;
        foreach (string part in reference.Split('/').Skip(1))
        {
            string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            bool found = node switch
            {
                JsonObject members => members.TryGetPropertyValue(name, out node),
                JsonArray items => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < items.Count && (node = items[index]) is not null,
                _ => false,
            };
            if (!found)
                throw new CriaException($"the JSON schema at {place} refers to '{reference}', which does not exist; correct the reference");
        }
        return node;
    }
}
