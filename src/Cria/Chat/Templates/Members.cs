namespace Cria.Chat.Templates;

/// <summary>Attributes, elements, slices and methods of values.</summary>
internal static partial class Members
{
    private static readonly string[] ForbiddenMapMethods = ["clear", "pop", "popitem", "setdefault", "update"];
    private static readonly string[] ForbiddenListMethods = ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"];

    /// <summary><c>owner.name</c>: a method or attribute first, an element second.</summary>
    public static object? GetAttribute(RenderContext context, object? owner, string name)
    {
        if (owner is Undefined missing) throw context.Fail(missing.Message);
        if (FindAttribute(context, owner, name, out object? value)) return value;
        if (owner is TemplateMap map && map.TryGet(name, out value)) return value;
        return new Undefined($"'{ObjectName(owner)}' has no attribute '{name}'");
    }

    /// <summary><c>owner[key]</c>: an element first, an attribute second.</summary>
    public static object? GetElement(RenderContext context, object? owner, object? key)
    {
        if (owner is Undefined missing) throw context.Fail(missing.Message);
        if (key is TracedText keyText) context.Budget.Spend(keyText.Length >> 4);
        switch (owner)
        {
            case TemplateMap map when map.TryGet(key, out object? value):
                return value;
            case TemplateList list when key is long or bool:
                long index = Operators.ToInteger(key);
                if (index < 0) index += list.Count;
                if (index >= 0 && index < list.Count) return list.Items[index];
                break;
            case TracedText text when key is long or bool:
                context.Budget.Spend(text.Length >> 4);
                long character = Operators.ToInteger(key);
                if (character < 0) character += text.CodePointCount;
                if (character < 0 || character >= text.CodePointCount) break;
                int offset = text.OffsetOf((int)character);
                return text.Slice(offset, text.UnitsAt(offset));
        }

        if (key is TracedText name)
        {
            if (FindAttribute(context, owner, name.Value, out object? attribute)) return attribute;
            return new Undefined($"'{ObjectName(owner)}' has no attribute '{name.Value}'");
        }

        return new Undefined($"{ObjectName(owner)} has no element {ValueTextOf(context, key)}");
    }

    /// <summary><c>owner[start:stop:step]</c> of a list or text.</summary>
    public static object? Slice(RenderContext context, object? owner, long? start, long? stop, long? step)
    {
        switch (owner)
        {
            case Undefined missing:
                throw context.Fail(missing.Message);
            case TemplateList list:
                return context.List(Indices(context, list.Count, start, stop, step).Select(index => list.Items[index]), list.IsTuple);
            case TracedText text when step is null or 1:
                context.Budget.SpendCharacters(text.Length);
                (long from, long to, _) = Bounds(text.CodePointCount, start, stop, 1);
                if (to <= from) return TracedText.Empty;
                int begin = text.OffsetOf((int)from);
                int end = text.CodePointCount == text.Length ? (int)to : text.OffsetOf((int)to);
                return text.Slice(begin, end - begin);
            case TracedText text:
                TracedTextBuilder picked = context.NewText();
                TemplateList characters = context.List(text.CodePoints());
                foreach (int index in Indices(context, characters.Count, start, stop, step)) picked.Append((TracedText)characters.Items[index]!);
                return picked.ToText();
            default:
                throw context.Fail($"'{ValueText.TypeName(owner)}' object cannot be sliced");
        }
    }

    // How Jinja's messages name a value: by its Python class.
    private static string ObjectName(object? value) => value is null ? "None" : $"{ValueText.TypeName(value)} object";

    private static string ValueTextOf(RenderContext context, object? value)
    {
        TracedTextBuilder text = context.NewText();
        ValueText.AppendRepresentation(context, text, value);
        return text.ToText().Value;
    }

    private static bool FindAttribute(RenderContext context, object? owner, string name, out object? value)
    {
        value = null;
        switch (owner)
        {
            case TracedText text when TextMethods.TryGetValue(name, out (string[]? Parameters, TextMethod Body) method):
                value = new Callable(name, (inner, arguments) =>
                {
                    inner.Budget.Spend(text.Length >> 4);
                    object? result = method.Body(inner, text, method.Parameters is null ? arguments : arguments.Bind(inner, name, method.Parameters));
                    if (result is TracedText produced && !ReferenceEquals(produced, text)) inner.Budget.SpendCharacters(produced.Length);
                    return result;
                });
                return true;
            case TemplateMap map:
                if (Array.IndexOf(ForbiddenMapMethods, name) >= 0 && !map.TryGet(name, out _)) throw Forbidden(context, "dict", name);
                value = MapMethod(map, name);
                return value is not null;
            case TemplateList list:
                if (!list.IsTuple && Array.IndexOf(ForbiddenListMethods, name) >= 0) throw Forbidden(context, "list", name);
                value = ListMethod(list, name);
                return value is not null;
            case TemplateNamespace space:
                return space.Attributes.TryGetValue(name, out value);
            case LoopState loop:
                value = loop.Get(name);
                return value is not Undefined || name is "previtem" or "nextitem";
            case Callable { Attributes: { } attributes }:
                return attributes.TryGetValue(name, out value);
            default:
                return false;
        }
    }

    private static TemplateException Forbidden(RenderContext context, string type, string name) =>
        context.Fail($"access to attribute '{name}' of '{type}' object is unsafe: a template cannot change its input");

    private static Callable? MapMethod(TemplateMap map, string name) => name switch
    {
        "items" => new(name, (context, arguments) =>
        {
            arguments.Bind(context, "items", []);
            return Filters.Items(context, map);
        }),
        "keys" => new(name, (context, _) => context.List(map.Entries.Select(entry => entry.Key))),
        "values" => new(name, (context, _) => context.List(map.Entries.Select(entry => entry.Value))),
        "copy" => new(name, (_, _) => map),
        "get" => new(name, (context, arguments) =>
        {
            arguments = arguments.Bind(context, "get", ["key", "default"]);
            return map.TryGet(arguments.Required(context, 0, "key"), out object? value) ? value : arguments[1];
        }),
        _ => null,
    };

    private static Callable? ListMethod(TemplateList list, string name) => name switch
    {
        "copy" when !list.IsTuple => new(name, (_, _) => list),
        "count" => new(name, (context, arguments) =>
        {
            object? wanted = arguments.Bind(context, "count", ["value"]).Required(context, 0, "value");
            context.Budget.Spend(list.Count);
            return (long)list.Items.Count(item => Operators.AreEqual(context, item, wanted));
        }),
        "index" => new(name, (context, arguments) =>
        {
            object? wanted = arguments.Bind(context, "index", ["value"]).Required(context, 0, "value");
            context.Budget.Spend(list.Count);
            int at = Array.FindIndex(list.Items, item => Operators.AreEqual(context, item, wanted));
            return at >= 0 ? (long)at : throw context.Fail("the value is not in the list");
        }),
        _ => null,
    };

    // Python's slice.indices: bounds clamped into the sequence, one beyond it for a negative step.
    private static (long Start, long Stop, long Step) Bounds(long length, long? start, long? stop, long step)
    {
        long low = step < 0 ? -1 : 0, high = step < 0 ? length - 1 : length;
        return (Clamp(start, step < 0 ? high : low), Clamp(stop, step < 0 ? low : high), step);

        long Clamp(long? bound, long fallback)
        {
            if (bound is not { } value) return fallback;
            if (value < 0) value = value < -length ? low : value + length;
            return Math.Clamp(value, low, Math.Max(low, high));
        }
    }

    private static IEnumerable<int> Indices(RenderContext context, int length, long? start, long? stop, long? step)
    {
        if (step == 0) throw context.Fail("slice step cannot be zero");
        (long from, long to, long by) = Bounds(length, start, stop, Math.Clamp(step ?? 1, -int.MaxValue, int.MaxValue));
        return Walk(from, to, by);

        static IEnumerable<int> Walk(long from, long to, long by)
        {
            for (long i = from; by > 0 ? i < to : i > to; i += by) yield return (int)i;
        }
    }
}
