using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Cria.Tests.Generation.Grammar;

/// <summary>A plain validator of the JSON Schema keywords that the tests use, written apart from the compiler it checks. Returns what is wrong, or null.</summary>
internal static class SchemaValidator
{
    public static string? Check(JsonNode root, JsonNode? schema, JsonElement value)
    {
        if (schema is JsonValue flag)
            return flag.GetValue<bool>() ? null : "forbidden";
        JsonObject rules = (JsonObject)schema!;
        foreach ((string keyword, JsonNode? rule) in rules)
        {
            string? wrong = Check(root, rules, keyword, rule, value);
            if (wrong is not null)
                return wrong;
        }
        return null;
    }

    private static string? Check(JsonNode root, JsonObject rules, string keyword, JsonNode? rule, JsonElement value)
    {
        bool isNumber = value.ValueKind == JsonValueKind.Number;
        bool isText = value.ValueKind == JsonValueKind.String;
        bool isArray = value.ValueKind == JsonValueKind.Array;
        bool isObject = value.ValueKind == JsonValueKind.Object;
        int length = isText ? value.GetString()!.EnumerateRunes().Count() : 0;
        switch (keyword)
        {
            case "type":
                return (rule is JsonArray types ? types.Select(each => each!.GetValue<string>()) : [rule!.GetValue<string>()]).Any(type => IsOfType(value, type)) ? null : $"{value} is not of type {rule}";
            case "enum":
                return rule!.AsArray().Any(each => Same(each, value)) ? null : $"{value} is not in the enum";
            case "const":
                return Same(rule, value) ? null : $"{value} is not {rule}";
            case "$ref":
                return Check(root, rule!.GetValue<string>() == "#" ? root : root["$defs"]![rule.GetValue<string>()["#/$defs/".Length..]], value);
            case "allOf":
                return rule!.AsArray().Select(each => Check(root, each, value)).FirstOrDefault(wrong => wrong is not null);
            case "anyOf":
                return rule!.AsArray().Any(each => Check(root, each, value) is null) ? null : $"{value} is none of anyOf";
            case "oneOf":
                return rule!.AsArray().Count(each => Check(root, each, value) is null) == 1 ? null : $"{value} is not exactly one of oneOf";
            case "minimum":
                return !isNumber || value.GetDecimal() >= rule!.GetValue<decimal>() ? null : $"{value} < minimum";
            case "maximum":
                return !isNumber || value.GetDecimal() <= rule!.GetValue<decimal>() ? null : $"{value} > maximum";
            case "exclusiveMinimum":
                return !isNumber || value.GetDecimal() > rule!.GetValue<decimal>() ? null : $"{value} <= exclusiveMinimum";
            case "exclusiveMaximum":
                return !isNumber || value.GetDecimal() < rule!.GetValue<decimal>() ? null : $"{value} >= exclusiveMaximum";
            case "minLength":
                return !isText || length >= rule!.GetValue<int>() ? null : $"{value} is too short";
            case "maxLength":
                return !isText || length <= rule!.GetValue<int>() ? null : $"{value} is too long";
            case "pattern":
                return !isText || Regex.IsMatch(value.GetString()!, rule!.GetValue<string>(), RegexOptions.ECMAScript) ? null : $"{value} does not match {rule}";
            case "format":
                return !isText || HasFormat(value.GetString()!, rule!.GetValue<string>()) ? null : $"{value} is no {rule}";
            case "minItems":
                return !isArray || value.GetArrayLength() >= rule!.GetValue<int>() ? null : "too few items";
            case "maxItems":
                return !isArray || value.GetArrayLength() <= rule!.GetValue<int>() ? null : "too many items";
            case "prefixItems":
                return !isArray ? null : value.EnumerateArray().Zip(rule!.AsArray()).Select(pair => Check(root, pair.Second, pair.First)).FirstOrDefault(wrong => wrong is not null);
            case "items":
                int skip = (rules["prefixItems"] as JsonArray)?.Count ?? 0;
                return !isArray ? null : value.EnumerateArray().Skip(skip).Select(item => Check(root, rule, item)).FirstOrDefault(wrong => wrong is not null);
            case "required":
                return !isObject ? null : rule!.AsArray().Select(name => name!.GetValue<string>()).Where(name => !value.TryGetProperty(name, out _)).Select(name => $"{name} is missing").FirstOrDefault();
            case "properties":
                return !isObject ? null : value.EnumerateObject().Where(member => rule!.AsObject().ContainsKey(member.Name)).Select(member => Check(root, rule![member.Name], member.Value)).FirstOrDefault(wrong => wrong is not null);
            case "additionalProperties":
                return !isObject ? null : value.EnumerateObject().Where(member => rules["properties"] is not JsonObject known || !known.ContainsKey(member.Name)).Select(member => Check(root, rule, member.Value)).FirstOrDefault(wrong => wrong is not null);
            case "$defs" or "title" or "description":
                return null;
            default:
                throw new NotSupportedException(keyword);
        }
    }

    private static bool IsOfType(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "string" => value.ValueKind == JsonValueKind.String,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && decimal.IsInteger(value.GetDecimal()),
        _ => throw new NotSupportedException(type),
    };

    private static bool HasFormat(string text, string format) => format switch
    {
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", out _),
        "date-time" => DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _) && text.Contains('T', StringComparison.Ordinal),
        "time" => DateTimeOffset.TryParse("2024-05-06T" + text, System.Globalization.CultureInfo.InvariantCulture, out _),
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "email" => System.Net.Mail.MailAddress.TryCreate(text, out System.Net.Mail.MailAddress? address) && address.Address == text,
        "ipv4" => System.Net.IPAddress.TryParse(text, out System.Net.IPAddress? four) && four.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork,
        "ipv6" => System.Net.IPAddress.TryParse(text, out System.Net.IPAddress? six) && six.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6,
        "hostname" => Uri.CheckHostName(text) == UriHostNameType.Dns,
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        _ => throw new NotSupportedException(format),
    };

    private static bool Same(JsonNode? expected, JsonElement value) => JsonElement.DeepEquals(JsonSerializer.SerializeToElement(expected), value);
}
