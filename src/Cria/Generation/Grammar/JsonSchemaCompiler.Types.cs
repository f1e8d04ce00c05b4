using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cria.Tensors;

namespace Cria.Generation.Grammar;

internal sealed partial class JsonSchemaCompiler
{
    private Expression OfString(JsonObject schema, string place)
    {
        int least = Count(schema, "minLength", place) ?? 0;
        int? most = Count(schema, "maxLength", place);
        List<CharacterAutomaton> limits = [];
        if (schema[JsonSchemaMerge.Patterns] is JsonArray patterns)
            limits.AddRange(patterns.Select(pattern => CharacterAutomaton.From(RegexParser.Within(pattern!.GetValue<string>()))));
        if (schema["format"]?.GetValue<string>() is { } format)
        {
            string pattern = StringFormats.Pattern(format)
                ?? throw new CriaException($"the JSON schema at {place} uses the format '{format}', which constrained generation does not support; write it as a pattern");
            limits.Add(CharacterAutomaton.From(RegexParser.Whole(pattern)));
        }
        if (limits.Count == 0)
            return least == 0 && most is null ? json.String : Quote(new Expression.Repeat(json.Character, least, most));
        if (least > 0 || most is not null)
            limits.Add(CharacterAutomaton.Length(least, most));
        CharacterAutomaton all = limits.Skip(1).Aggregate(limits[0], (left, right) => left.Intersect(right)).Trim();
        if (all.IsEmpty)
            throw new CriaException($"the JSON schema at {place} describes a string that cannot be: its patterns, format and lengths contradict each other");
        return Quote(new Expression.Automaton(all, Quoted: true));
    }

    private static Expression.Sequence Quote(Expression inside) => new([JsonGrammar.Bytes("\""), inside, JsonGrammar.Bytes("\"")]);

    private Expression OfNumber(string type, JsonObject schema, string place)
    {
        if (schema["multipleOf"] is JsonNode step && !(type == "integer" && step.GetValue<decimal>() == 1))
            throw new CriaException($"the JSON schema at {place} uses 'multipleOf', which constrained generation does not support; remove it or check it afterwards");
        (decimal? least, bool above) = Bound(schema, "minimum", "exclusiveMinimum", sign: 1);
        (decimal? most, bool below) = Bound(schema, "maximum", "exclusiveMaximum", sign: -1);
        if (least is null && most is null)
            return type == "integer" ? json.Integer : json.Number;
        Expression range = NumberRange.Numbers(least, above, most, below);
        if (type == "integer")
        {
            if (least is decimal low)
                least = above && decimal.IsInteger(low) ? low + 1 : decimal.Ceiling(low);
            if (most is decimal high)
                most = below && decimal.IsInteger(high) ? high - 1 : decimal.Floor(high);
            range = NumberRange.Integers(least, most);
        }
        CharacterAutomaton automaton = CharacterAutomaton.From(Plain(range)).Trim();
        if (automaton.IsEmpty)
            throw new CriaException($"the JSON schema at {place} describes a number that cannot be: its bounds leave nothing between them");
        return range;
    }

    /// <summary>The range with automata inside it left out of the question when they accept something, to see whether the whole accepts anything.</summary>
    private static Expression Plain(Expression expression) => expression switch
    {
        Expression.Sequence(IReadOnlyList<Expression> items) => new Expression.Sequence([.. items.Select(Plain)]),
        Expression.Choice(IReadOnlyList<Expression> items) => new Expression.Choice([.. items.Select(Plain)]),
        Expression.Automaton(CharacterAutomaton automaton, _) => automaton.IsEmpty ? new Expression.Choice([]) : Expression.Nothing,
        _ => expression,
    };

    /// <summary>The tighter of an inclusive and an exclusive bound, and whether it is exclusive. In older drafts the exclusive one is a flag.</summary>
    private static (decimal? Bound, bool Exclusive) Bound(JsonObject schema, string inclusive, string exclusive, int sign)
    {
        decimal? bound = schema[inclusive]?.GetValue<decimal>();
        if (schema[exclusive] is not JsonNode strict)
            return (bound, false);
        if (strict.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
            return (bound, bound is not null && strict.GetValue<bool>());
        decimal other = strict.GetValue<decimal>();
        return bound is null || sign * other >= sign * bound.Value ? (other, true) : (bound, false);
    }

    private Expression OfArray(JsonObject schema, string place)
    {
        // Before 2020, a list under "items" is what "prefixItems" is now, and "additionalItems" says what follows it.
        bool old = schema["items"] is JsonArray;
        JsonArray first = (schema[old ? "items" : "prefixItems"] as JsonArray) ?? [];
        JsonNode? rest = schema[old ? "additionalItems" : "items"];
        int least = Count(schema, "minItems", place) ?? 0;
        int most = Count(schema, "maxItems", place) ?? int.MaxValue;
        bool closed = rest is JsonValue && rest.GetValueKind() == JsonValueKind.False;
        // A list of first items that does not speak of more is read as all there is, unless more are asked for.
        bool ends = closed || (rest is null && first.Count > 0 && least <= first.Count);
        if (ends)
            most = Math.Min(most, first.Count);
        if (least > most)
            throw new CriaException($"the JSON schema at {place} describes an array that cannot be: it needs {least} items and allows {most}");
        if (most == 0)
            return json.Enclosed("[", null, "]");
        List<Expression> items = [.. first.Take(most).Select((item, i) => Compile(item, string.Create(CultureInfo.InvariantCulture, $"{place}/prefixItems/{i}")))];
        Expression other = ends ? Expression.Nothing : rest is null ? json.Value : Compile(rest, place + "/items");
        // What may follow the first i items, from the last backwards.
        Expression after = ends ? Expression.Nothing
            : new Expression.Repeat(new Expression.Rule("item") { Body = new Expression.Sequence([json.Comma(), other]) }, Math.Max(0, least - Math.Max(1, items.Count)), most == int.MaxValue ? null : most - Math.Max(1, items.Count));
        for (int i = items.Count - 1; i > 0; i--)
        {
            after = new Expression.Sequence([json.Comma(), items[i], after]);
            if (i >= least)
                after = JsonGrammar.Optional(after);
        }
        Expression filled = json.Enclosed("[", new Expression.Sequence([items.Count > 0 ? items[0] : other, after]), "]");
        return least > 0 ? filled : new Expression.Choice([json.Enclosed("[", null, "]"), filled]);
    }

    private Expression.Choice OfObject(JsonObject schema, string place)
    {
        List<(string Name, JsonNode? Schema)> properties = [.. (schema["properties"] as JsonObject ?? []).Select(entry => (entry.Key, entry.Value))];
        HashSet<string> required = [.. (schema["required"] as JsonArray ?? []).Select(name => name!.GetValue<string>())];
        JsonNode? additional = schema["additionalProperties"];
        bool closed = additional is null ? properties.Count > 0 : additional is JsonValue && additional.GetValueKind() == JsonValueKind.False;
        foreach (string name in required.Where(name => properties.All(property => property.Name != name)).Order(StringComparer.Ordinal))
        {
            if (additional is JsonValue && closed)
                throw new CriaException($"the JSON schema at {place} requires property '{name}', which it does not allow; declare it under properties");
            properties.Add((name, additional is JsonObject ? additional : null));
        }
        List<(Expression Pair, bool Required)> members = [.. properties.Select(property => (
            json.Pair(new Expression.Literal(JsonText.Quote(property.Name)), property.Schema is null ? json.Value : Compile(property.Schema, $"{place}/properties/{property.Name}")),
            required.Contains(property.Name)))];
        Expression? extra = closed ? null : json.Pair(
            properties.Count == 0 ? json.String : Quote(new Expression.Automaton(CharacterAutomaton.Except(properties.Select(property => property.Name)), Quoted: true)),
            additional is null ? json.Value : Compile(additional, place + "/additionalProperties"));
        // What may follow once some member stands, from the last backwards; each step is a rule, since several places lead to it.
        Expression.Rule after = new("members") { Body = extra is null ? Expression.Nothing : new Expression.Repeat(new Expression.Sequence([json.Comma(), extra]), 0, null) };
        // What may stand first.
        List<Expression> begin = extra is null ? [] : [new Expression.Sequence([extra, after])];
        bool mayBeEmpty = true;
        for (int i = members.Count - 1; i >= 0; i--)
        {
            (Expression pair, bool isRequired) = members[i];
            if (isRequired)
            {
                begin.Clear();
                mayBeEmpty = false;
            }
            begin.Add(new Expression.Sequence([pair, after]));
            Expression next = new Expression.Sequence([json.Comma(), pair]);
            after = new Expression.Rule("members") { Body = new Expression.Sequence([isRequired ? next : JsonGrammar.Optional(next), after]) };
        }
        List<Expression> ways = [];
        if (mayBeEmpty)
            ways.Add(json.Enclosed("{", null, "}"));
        if (begin.Count > 0)
            ways.Add(json.Enclosed("{", new Expression.Choice(begin), "}"));
        return new Expression.Choice(ways);
    }

    /// <summary>A count of things; counts beyond what a grammar can hold are taken as that for an upper limit and refused for a lower one.</summary>
    private static int? Count(JsonObject schema, string keyword, string place)
    {
        if (schema[keyword] is not JsonNode value)
            return null;
        decimal count = value.GetValue<decimal>();
        if (count < 0 || !decimal.IsInteger(count))
            throw new CriaException($"the JSON schema at {place} has a '{keyword}' that is no count: {value.ToJsonString()}");
        if (count > MostCount && keyword.StartsWith("min", StringComparison.Ordinal))
            throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"the JSON schema at {place} has a '{keyword}' above {MostCount}, which constrained generation does not support; lower it"));
        return (int)Math.Min(count, MostCount);
    }

    /// <summary>Refuses alternatives of <c>oneOf</c> of which a value could satisfy two: that a value satisfies no more than one cannot be watched token by token.</summary>
    private void CheckApart(JsonObject schema, JsonArray branches, string place)
    {
        JsonObject[] flat = [.. branches.Select(branch => Flatten(branch as JsonObject ?? new JsonObject(), place))];
        for (int i = 0; i < flat.Length; i++)
        {
            for (int j = i + 1; j < flat.Length; j++)
            {
                if (!AreApart(flat[i], flat[j], schema, 0))
                    throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"the JSON schema at {place} uses 'oneOf' with alternatives {i} and {j} that one value may satisfy together; use anyOf, or give each a required property with its own const"));
            }
        }
    }

    private bool AreApart(JsonObject left, JsonObject right, JsonObject around, int nesting)
    {
        if (left["enum"] is JsonArray leftValues && right["enum"] is JsonArray rightValues)
            return !leftValues.Any(value => rightValues.Any(other => JsonNode.DeepEquals(value, other)));
        if ((left["enum"] ?? right["enum"]) is JsonArray values && (left.ContainsKey("enum") ? right : left)["type"] is not null)
            return !values.Any(value => TypesOf(left.ContainsKey("enum") ? right : left).Any(type => IsOfType(value, type)));
        string[] leftTypes = left.ContainsKey("type") ? TypesOf(left) : around.ContainsKey("type") ? TypesOf(around) : [];
        string[] rightTypes = right.ContainsKey("type") ? TypesOf(right) : around.ContainsKey("type") ? TypesOf(around) : [];
        if (leftTypes.Length > 0 && rightTypes.Length > 0 && !leftTypes.Any(type => rightTypes.Any(other => type == other || (type, other) is ("integer", "number") or ("number", "integer"))))
            return true;
        if (!leftTypes.SequenceEqual(["object"]) || !rightTypes.SequenceEqual(["object"]) || nesting > 8)
            return false;
        return Requires(left, right) || Requires(right, left) || SharedKeysAreApart();

        // Generated objects hold declared properties only, so one that the other side requires and this side lacks tells them apart.
        bool Requires(JsonObject one, JsonObject other) =>
            (one["required"] as JsonArray ?? []).Any(name => other["properties"] is JsonObject known && !known.ContainsKey(name!.GetValue<string>())
                && (other["additionalProperties"] is null || other["additionalProperties"]!.GetValueKind() == JsonValueKind.False)
                && around["properties"] is null);

        bool SharedKeysAreApart() => (left["required"] as JsonArray ?? []).Select(name => name!.GetValue<string>())
            .Any(name => (right["required"] as JsonArray ?? []).Any(other => other!.GetValue<string>() == name)
                && left["properties"]?[name] is JsonObject one && right["properties"]?[name] is JsonObject two
                && AreApart(Flatten(one, "#"), Flatten(two, "#"), [], nesting + 1));
    }
}
