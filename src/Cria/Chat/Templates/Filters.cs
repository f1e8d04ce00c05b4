namespace Cria.Chat.Templates;

/// <summary>The filters of chat templates, by name.</summary>
internal static partial class Filters
{
    private static readonly Dictionary<string, Func<RenderContext, object?, Arguments, object?>> All = new(StringComparer.Ordinal)
    {
        ["abs"] = Filter("abs", [], (context, value, _) => Absolute(context, value)),
        ["attr"] = Filter("attr", ["name"], Attribute),
        ["batch"] = Filter("batch", ["linecount", "fill_with"], Batch),
        ["capitalize"] = Filter("capitalize", [], (context, value, _) => CaseText.Capitalize(ValueText.Of(context, value))),
        ["center"] = Filter("center", ["width"], Center),
        ["count"] = Filter("count", [], (context, value, _) => Length(context, value)),
        ["d"] = Filter("default", ["default_value", "boolean"], Default),
        ["default"] = Filter("default", ["default_value", "boolean"], Default),
        ["dictsort"] = Filter("dictsort", ["case_sensitive", "by", "reverse"], SortMap),
        ["e"] = Filter("escape", [], Escape),
        ["escape"] = Filter("escape", [], Escape),
        ["first"] = Filter("first", [], (context, value, _) => First(context, value)),
        ["float"] = Filter("float", ["default"], ToReal),
        ["forceescape"] = Filter("forceescape", [], Escape),
        ["format"] = (context, value, arguments) => Format(context, value, arguments),
        ["indent"] = Filter("indent", ["width", "first", "blank"], Indent),
        ["int"] = Filter("int", ["default", "base"], ToInteger),
        ["items"] = Filter("items", [], (context, value, _) => Items(context, value)),
        ["join"] = Filter("join", ["d", "attribute"], Join),
        ["last"] = Filter("last", [], (context, value, _) => Last(context, value)),
        ["length"] = Filter("length", [], (context, value, _) => Length(context, value)),
        ["list"] = Filter("list", [], (context, value, _) => context.List(Operators.Iterate(context, value))),
        ["lower"] = Filter("lower", [], (context, value, _) => CaseText.Lower(ValueText.Of(context, value))),
        ["map"] = Map,
        ["max"] = Filter("max", ["case_sensitive", "attribute"], (context, value, arguments) => Extreme(context, value, arguments, 1)),
        ["min"] = Filter("min", ["case_sensitive", "attribute"], (context, value, arguments) => Extreme(context, value, arguments, -1)),
        ["reject"] = (context, value, arguments) => Select(context, value, arguments, byAttribute: false, keep: false),
        ["rejectattr"] = (context, value, arguments) => Select(context, value, arguments, byAttribute: true, keep: false),
        ["replace"] = Filter("replace", ["old", "new", "count"], Replace),
        ["reverse"] = Filter("reverse", [], Reverse),
        ["round"] = Filter("round", ["precision", "method"], Round),
        ["safe"] = Filter("safe", [], (context, value, _) => ValueText.Of(context, value)),
        ["select"] = (context, value, arguments) => Select(context, value, arguments, byAttribute: false, keep: true),
        ["selectattr"] = (context, value, arguments) => Select(context, value, arguments, byAttribute: true, keep: true),
        ["slice"] = Filter("slice", ["slices", "fill_with"], Slice),
        ["sort"] = Filter("sort", ["reverse", "case_sensitive", "attribute"], Sort),
        ["string"] = Filter("string", [], (context, value, _) => ValueText.Of(context, value)),
        ["sum"] = Filter("sum", ["attribute", "start"], Sum),
        ["title"] = Filter("title", [], (context, value, _) => CaseText.TitleWords(ValueText.Of(context, value))),
        ["tojson"] = Filter("tojson", ["ensure_ascii", "indent", "separators", "sort_keys"], ToJson),
        ["trim"] = Filter("trim", ["chars"], (context, value, arguments) => ValueText.Of(context, value).Strip(arguments.OptionalText(context, 0)?.Value)),
        ["truncate"] = Filter("truncate", ["length", "killwords", "end", "leeway"], Truncate),
        ["unique"] = Filter("unique", ["case_sensitive", "attribute"], Unique),
        ["upper"] = Filter("upper", [], (context, value, _) => CaseText.Upper(ValueText.Of(context, value))),
        ["wordcount"] = Filter("wordcount", [], WordCount),
    };

    /// <summary>The filter of a name, or null.</summary>
    public static Func<RenderContext, object?, Arguments, object?>? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>The entries of a mapping as pairs; none for an undefined value.</summary>
    public static TemplateList Items(RenderContext context, object? value)
    {
        if (value is Undefined) return new([]);
        if (value is not TemplateMap map) throw context.Fail("can only get item pairs from a mapping");
        context.Budget.SpendElements(2L * map.Count);
        return context.List(map.Entries.Select(entry => (object?)new TemplateList([entry.Key, entry.Value], isTuple: true)));
    }

    /// <summary>The number of elements, entries or characters.</summary>
    public static long Length(RenderContext context, object? value) => value switch
    {
        TracedText text => text.CodePointCount,
        TemplateList list => list.Count,
        TemplateMap map => map.Count,
        Undefined => 0,
        LoopState loop => (long)loop.Get("length")!,
        _ => throw context.Fail($"object of type '{ValueText.TypeName(value)}' has no len()"),
    };

    private static Func<RenderContext, object?, Arguments, object?> Filter(string name, string[] parameters, Func<RenderContext, object?, Arguments, object?> body) =>
        (context, value, arguments) => body(context, value, arguments.Bind(context, name, parameters));

    // An attribute by its path, as in 'function.name' or 0.
    private static Func<object?, object?> AttributeGetter(RenderContext context, object? path, bool ignoreCase = false, object? fallback = null)
    {
        object?[] parts = path switch
        {
            null => [],
            long => [path],
            TracedText text => [.. text.Value.Split('.').Select(part =>
                long.TryParse(part, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long index) ? (object?)index : TracedText.Trusted(part))],
            _ => throw context.Fail($"an attribute is named by a string, not a {ValueText.TypeName(path)}"),
        };
        return item =>
        {
            foreach (object? part in parts)
            {
                item = Members.GetElement(context, item, part);
                if (fallback is not null && item is Undefined) item = fallback;
            }

            return ignoreCase && item is TracedText text ? CaseText.Lower(text) : item;
        };
    }

    private static object? Attribute(RenderContext context, object? value, Arguments arguments)
    {
        string name = arguments.Text(context, 0, "").Value;
        return value is TemplateMap map && map.TryGet(name, out _) ? new Undefined($"'dict object' has no attribute '{name}'") : Members.GetAttribute(context, value, name);
    }

    private static object? Default(RenderContext context, object? value, Arguments arguments) =>
        value is Undefined || (arguments.Flag(1, false) && !Operators.IsTrue(value)) ? (arguments.Has(0) ? arguments[0] : TracedText.Empty) : value;

    private static object? First(RenderContext context, object? value) => value switch
    {
        TemplateList { Count: > 0 } list => list.Items[0],
        TracedText { Length: > 0 } text => text.Slice(0, text.UnitsAt(0)),
        _ => Operators.Iterate(context, value).FirstOrDefault(new Undefined("No first item, sequence was empty.")),
    };

    private static object? Last(RenderContext context, object? value) => value switch
    {
        TemplateList { Count: > 0 } list => list.Items[^1],
        TracedText { Length: > 0 } text => Members.GetElement(context, text, -1L),
        _ => Operators.Iterate(context, value).LastOrDefault(new Undefined("No last item, sequence was empty.")),
    };

    private static object? Reverse(RenderContext context, object? value, Arguments arguments) =>
        value is TracedText ? Members.Slice(context, value, null, null, -1) : context.List(Operators.Iterate(context, value).Reverse());

    private static TracedText Join(RenderContext context, object? value, Arguments arguments)
    {
        TracedText separator = arguments.Has(0) ? ValueText.Of(context, arguments[0]) : TracedText.Empty;
        Func<object?, object?> attribute = AttributeGetter(context, arguments[1]);
        TracedTextBuilder joined = context.NewText();
        bool isFirst = true;
        foreach (object? item in Operators.Iterate(context, value))
        {
            context.Budget.Spend(1);
            if (!isFirst) joined.Append(separator);
            isFirst = false;
            ValueText.Append(context, joined, attribute(item));
        }

        return joined.ToText();
    }

    private static TemplateList Map(RenderContext context, object? value, Arguments arguments)
    {
        Func<object?, object?> transform;
        if (arguments.Positional.Length == 0 && arguments.Named.Any(argument => argument.Key == "attribute"))
        {
            Arguments bound = arguments.Bind(context, "map", ["attribute", "default"]);
            transform = AttributeGetter(context, bound[0], fallback: bound[1]);
        }
        else
        {
            string name = arguments.Positional.Length > 0 ? arguments.Text(context, 0, "").Value : throw context.Fail("map requires a filter argument");
            Func<RenderContext, object?, Arguments, object?> filter = Find(name) ?? throw context.Fail($"unknown filter '{name}'");
            Arguments rest = arguments.Skip(1);
            transform = item => filter(context, item, rest);
        }

        return context.List(Operators.IsTrue(value) ? Operators.Iterate(context, value).Select(item => Charged(context, transform(item))) : []);
    }

    // A filter that works element by element must pay for each text it makes.
    private static object? Charged(RenderContext context, object? value)
    {
        if (value is TracedText text) context.Budget.SpendCharacters(text.Length);
        return value;
    }

    private static TemplateList Select(RenderContext context, object? value, Arguments arguments, bool byAttribute, bool keep)
    {
        Func<object?, object?> subject = item => item;
        if (byAttribute)
        {
            subject = AttributeGetter(context, arguments.Positional.Length > 0 ? arguments.Positional[0] : throw context.Fail("the attribute's name is missing"));
            arguments = arguments.Skip(1);
        }

        Func<object?, bool> holds = Operators.IsTrue;
        if (arguments.Positional.Length > 0)
        {
            string name = arguments.Text(context, 0, "").Value;
            Func<RenderContext, object?, Arguments, bool> test = Tests.Find(name) ?? throw context.Fail($"unknown test '{name}'");
            Arguments rest = arguments.Skip(1);
            holds = item => test(context, item, rest);
        }

        return context.List(Operators.IsTrue(value) ? Operators.Iterate(context, value).Where(Paid) : []);

        bool Paid(object? item)
        {
            context.Budget.Spend(1);
            return holds(subject(item)) == keep;
        }
    }
}
