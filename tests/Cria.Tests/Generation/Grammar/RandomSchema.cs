using System.Text.Json.Nodes;

namespace Cria.Tests.Generation.Grammar;

/// <summary>Seeded random JSON schemas that some value satisfies.</summary>
internal sealed class RandomSchema(Random random)
{
    private static readonly string[] Names = ["a", "b", "name", "id", "naïve key", "quote\"d", "back\\slash", "日本", "items", "x y"];
    private static readonly string[] PatternsOfText = ["^[a-z]{2,5}$", "^a+b?c*$", "[0-9]+", "^\\d{3}-\\d{4}$", "^(foo|bar|ba[zr]+)$", "^[^\"\\\\]*$", "^\\s?\\w+", "q.", "^.{0,3}$", "^[é-ü]+$"];
    private static readonly string[] Formats = ["date", "date-time", "time", "uuid", "email", "ipv4", "ipv6", "hostname", "uri"];

    /// <summary>A schema with definitions, one of which refers to itself.</summary>
    public JsonObject Next()
    {
        JsonObject schema = Value(3);
        schema["$defs"] = new JsonObject
        {
            ["tree"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["value"] = Value(0), ["children"] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["$ref"] = "#/$defs/tree" }, ["maxItems"] = 2 } },
                ["required"] = new JsonArray("value"),
                ["additionalProperties"] = false,
            },
            ["leaf"] = Value(0),
        };
        return JsonNode.Parse(schema.ToJsonString())!.AsObject();
    }

    private JsonObject Value(int depth)
    {
        switch (random.Next(depth > 0 ? 14 : 7))
        {
            case 0: return new JsonObject { ["type"] = random.Next(2) == 0 ? "boolean" : "null" };
            case 1: return new JsonObject { ["enum"] = new JsonArray("red", 1, "gr\"een\n", true, null, 2.5, new JsonArray(1, "x"), new JsonObject { ["k"] = "v" }) };
            case 2: return random.Next(2) == 0 ? new JsonObject { ["const"] = "only \\ this" } : new JsonObject { ["type"] = new JsonArray("string", "null") };
            case 3 or 4: return Number();
            case 5 or 6: return Text();
            case 7 or 8: return Array(depth);
            case 9 or 10: return Object(depth);
            case 11: return new JsonObject { ["anyOf"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Value(depth - 1))]) };
            case 12: return new JsonObject { ["$ref"] = random.Next(2) == 0 ? "#/$defs/tree" : "#/$defs/leaf" };
            default: return Joined(depth);
        }
    }

    private JsonObject Joined(int depth)
    {
        JsonObject kind(string name) => new() { ["type"] = "object", ["properties"] = new JsonObject { ["kind"] = new JsonObject { ["const"] = name }, [name] = Value(depth - 1) }, ["required"] = new JsonArray("kind", name) };
        return random.Next(3) switch
        {
            0 => new JsonObject { ["oneOf"] = new JsonArray(kind("cat"), kind("dog"), new JsonObject { ["type"] = "integer" }) },
            1 => new JsonObject { ["allOf"] = new JsonArray(new JsonObject { ["type"] = "integer", ["minimum"] = -5 }, new JsonObject { ["type"] = "number", ["maximum"] = 17 }) },
            _ => new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["a"] = Value(depth - 1), ["b"] = Value(depth - 1) },
                ["anyOf"] = new JsonArray(new JsonObject { ["required"] = new JsonArray("a") }, new JsonObject { ["required"] = new JsonArray("b") }),
            },
        };
    }

    private JsonObject Number()
    {
        bool whole = random.Next(2) == 0;
        JsonObject schema = new() { ["type"] = whole ? "integer" : "number" };
        decimal scale = whole ? 1 : random.Next(3) switch { 0 => 1m, 1 => 0.1m, _ => 0.001m };
        decimal least = random.Next(-1200, 1200) * scale;
        decimal most = least + (random.Next(3) == 0 ? 2 : random.Next(1500)) * scale;
        if (random.Next(2) == 0)
            schema[random.Next(4) == 0 ? "exclusiveMinimum" : "minimum"] = least;
        if (random.Next(2) == 0)
            schema[random.Next(4) == 0 ? "exclusiveMaximum" : "maximum"] = most + (whole ? 2 : scale);
        return schema;
    }

    private JsonObject Text()
    {
        JsonObject schema = new() { ["type"] = "string" };
        switch (random.Next(5))
        {
            case 0:
                schema["pattern"] = PatternsOfText[random.Next(PatternsOfText.Length)];
                break;
            case 1:
                schema["format"] = Formats[random.Next(Formats.Length)];
                break;
            case 2:
                schema["minLength"] = random.Next(4);
                schema["maxLength"] = random.Next(4, 30);
                break;
            case 3:
                schema["pattern"] = "^[a-c]*$";
                schema["minLength"] = random.Next(3);
                schema["maxLength"] = random.Next(3, 9);
                break;
        }
        return schema;
    }

    private JsonObject Array(int depth)
    {
        JsonObject schema = new() { ["type"] = "array" };
        if (random.Next(3) == 0)
            schema["prefixItems"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Value(depth - 1))]);
        if (random.Next(4) > 0)
            schema["items"] = Value(depth - 1);
        if (random.Next(2) == 0)
            schema["minItems"] = random.Next(4);
        if (random.Next(2) == 0)
            schema["maxItems"] = random.Next(3, 6);
        return schema;
    }

    private JsonObject Object(int depth)
    {
        string[] names = [.. Names.OrderBy(_ => random.Next()).Take(random.Next(0, 5))];
        JsonObject schema = new() { ["type"] = "object" };
        if (names.Length > 0 || random.Next(2) == 0)
            schema["properties"] = new JsonObject(names.Select(name => KeyValuePair.Create(name, (JsonNode?)Value(depth - 1))));
        schema["required"] = new JsonArray([.. names.Where(_ => random.Next(2) == 0).Select(name => (JsonNode?)name)]);
        if (random.Next(2) == 0)
            schema["additionalProperties"] = random.Next(3) switch { 0 => false, 1 => true, _ => Value(0) };
        return schema;
    }
}
