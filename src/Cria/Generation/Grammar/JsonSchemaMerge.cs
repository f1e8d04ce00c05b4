using System.Text.Json.Nodes;
using Cria.Tensors;

namespace Cria.Generation.Grammar;

/// <summary>The conjunction of JSON schemas as one schema without <c>allOf</c>, as far as it can be written as one.</summary>
internal static class JsonSchemaMerge
{
    /// <summary>Holds several patterns that must all match; no schema can name it, since no keyword has a blank.</summary>
    public const string Patterns = " patterns";

    private const int MostAlternatives = 256;

    private static readonly HashSet<string> Annotations =
    [
        "title", "description", "default", "examples", "example", "$schema", "$id", "$comment", "$defs", "definitions", "$anchor", "deprecated",
        "readOnly", "writeOnly", "contentEncoding", "contentMediaType", "$vocabulary",
    ];

    /// <summary>True for keywords that allow and forbid nothing.</summary>
    public static bool IsAnnotation(string keyword) => Annotations.Contains(keyword);

    /// <summary>Both schemas at once. Neither holds <c>allOf</c> or <c>$ref</c>.</summary>
    /// <exception cref="CriaException">A keyword cannot be joined; <paramref name="place"/> names the schema.</exception>
    public static JsonObject Both(JsonObject left, JsonObject right, string place)
    {
        CheckAdditional(left, right, place);
        CheckAdditional(right, left, place);
        JsonObject both = [];
        foreach ((string keyword, JsonNode? value) in left)
        {
            if (!IsAnnotation(keyword))
                both[keyword] = value?.DeepClone();
        }
        foreach ((string keyword, JsonNode? value) in right)
        {
            if (IsAnnotation(keyword))
                continue;
            both[keyword] = both.ContainsKey(keyword) ? Join(keyword, both[keyword], value, place) : value?.DeepClone();
        }
        return both;
    }

    private static JsonNode? Join(string keyword, JsonNode? left, JsonNode? right, string place)
    {
        if (JsonNode.DeepEquals(left, right))
            return left?.DeepClone();
        switch (keyword)
        {
            case "type":
                string[] types = [.. Types(left).SelectMany(type => Types(right).Select(other => Common(type, other))).OfType<string>().Distinct()];
                return new JsonArray([.. types.Select(type => JsonValue.Create(type))]);
            case "required":
                return new JsonArray([.. left!.AsArray().Concat(right!.AsArray()).Select(name => name?.DeepClone())]);
            case "properties":
                JsonObject properties = (JsonObject)left!.DeepClone();
                foreach ((string name, JsonNode? schema) in right!.AsObject())
                    properties[name] = properties.ContainsKey(name) ? AllOf(properties[name], schema) : schema?.DeepClone();
                return properties;
            case "additionalProperties" or "items":
                return AllOf(left, right);
            case "minimum" or "exclusiveMinimum" or "minLength" or "minItems":
                return Number(left) >= Number(right) ? left!.DeepClone() : right!.DeepClone();
            case "maximum" or "exclusiveMaximum" or "maxLength" or "maxItems":
                return Number(left) <= Number(right) ? left!.DeepClone() : right!.DeepClone();
            case "enum":
                return new JsonArray([.. left!.AsArray().Where(value => right!.AsArray().Any(other => JsonNode.DeepEquals(value, other))).Select(value => value?.DeepClone())]);
            case Patterns:
                return new JsonArray([.. left!.AsArray().Concat(right!.AsArray()).Select(pattern => pattern?.DeepClone())]);
            case "anyOf":
                JsonNode?[] pairs = [.. left!.AsArray().SelectMany(one => right!.AsArray().Select(other => (JsonNode?)AllOf(one, other)))];
                if (pairs.Length > MostAlternatives)
                    throw new CriaException($"the JSON schema at {place} joins alternatives into more than {MostAlternatives}; write it with fewer");
                return new JsonArray(pairs);
            default:
                throw new CriaException($"the JSON schema at {place} asks for two different '{keyword}' at once, which constrained generation does not support; write it once");
        }
    }

    private static JsonObject AllOf(JsonNode? left, JsonNode? right) => new() { ["allOf"] = new JsonArray(left?.DeepClone(), right?.DeepClone()) };

    /// <summary>Refuses a property that only one side names while the other side says what unnamed properties are.</summary>
    private static void CheckAdditional(JsonObject closed, JsonObject other, string place)
    {
        if (closed["additionalProperties"] is not { } rule || (rule is JsonValue value && value.TryGetValue(out bool allowed) && allowed) || other["properties"] is not JsonObject named)
            return;
        foreach ((string name, _) in named)
        {
            if (closed["properties"] is not JsonObject known || !known.ContainsKey(name))
                throw new CriaException($"the JSON schema at {place} names property '{name}' on one side and limits additionalProperties on the other, which constrained generation does not support; name it on both");
        }
    }

    private static decimal Number(JsonNode? value) => value!.GetValue<decimal>();

    private static IEnumerable<string> Types(JsonNode? type) => type is JsonArray several ? several.Select(each => each!.GetValue<string>()) : [type!.GetValue<string>()];

    private static string? Common(string left, string right) =>
        left == right ? left : left == "integer" && right == "number" || left == "number" && right == "integer" ? "integer" : null;
}
