namespace Cria.Chat.Templates;

/// <summary>The functions every chat template can call.</summary>
internal static class Globals
{
    // The greatest range that Jinja's sandbox grants.
    private const long MaximumRange = 100_000;

    private static readonly Dictionary<string, Callable> All = new Callable[]
    {
        new("range", Range),
        new("dict", MakeMap),
        new("namespace", MakeNamespace),
        new("joiner", MakeJoiner),
        new("cycler", MakeCycler),
        new("raise_exception", (context, arguments) =>
            throw context.Fail(ValueText.Of(context, arguments.Bind(context, "raise_exception", ["message"]).Required(context, 0, "message")).Value)),
        new("strftime_now", (context, arguments) =>
            TimeFormat.Format(context, arguments.Bind(context, "strftime_now", ["format"]).Text(context, 0, "").Value, context.Clock.GetLocalNow())),
    }.ToDictionary(function => function.Name, StringComparer.Ordinal);

    /// <summary>The function of a name, or null.</summary>
    public static Callable? Find(string name) => All.GetValueOrDefault(name);

    private static TemplateList Range(RenderContext context, Arguments arguments)
    {
        int count = arguments.Bind(context, "range", ["start", "stop", "step"]).Positional.Length;
        if (count == 0) throw context.Fail("range expected at least 1 argument, got 0");
        long start = count == 1 ? 0 : arguments.Integer(context, 0, 0);
        long stop = arguments.Integer(context, count == 1 ? 0 : 1, 0);
        long step = arguments.Integer(context, 2, 1);
        if (step == 0) throw context.Fail("range() arg 3 must not be zero");
        Int128 distance = (Int128)stop - start;
        Int128 length = step > 0 ? (distance + step - 1) / step : (distance + step + 1) / step;
        if (length > MaximumRange) throw context.Fail("range is too big; a template may count to 100000 at most");
        return context.List(Enumerable.Range(0, (int)Int128.Max(length, 0)).Select(i => (object?)(start + i * step)));
    }

    private static TemplateMap MakeMap(RenderContext context, Arguments arguments)
    {
        var map = new TemplateMap();
        Fill(context, arguments, (key, value) =>
        {
            if (!map.TrySet(key, value)) throw context.Fail($"unhashable type: '{ValueText.TypeName(key)}'");
        });
        return map;
    }

    private static TemplateNamespace MakeNamespace(RenderContext context, Arguments arguments)
    {
        var space = new TemplateNamespace();
        Fill(context, arguments, (key, value) => space.Attributes[key is TracedText name ? name.Value : throw context.Fail("a namespace's names are strings")] = value);
        return space;
    }

    private static void Fill(RenderContext context, Arguments arguments, Action<object?, object?> set)
    {
        if (arguments.Positional.Length > 1) throw context.Fail($"expected at most 1 argument, got {arguments.Positional.Length}");
        context.Budget.SpendElements(2 * arguments.Named.Length);
        if (arguments.Positional is [TemplateMap given])
        {
            context.Budget.SpendElements(2 * given.Count);
            foreach ((object? key, object? value) in given.Entries) set(key, value);
        }
        else if (arguments.Positional is [var pairs])
        {
            foreach (object? pair in Operators.Iterate(context, pairs))
            {
                context.Budget.SpendElements(2);
                if (pair is not TemplateList { Count: 2 } entry) throw context.Fail("a mapping is made of pairs");
                set(entry.Items[0], entry.Items[1]);
            }
        }

        foreach ((string name, object? value) in arguments.Named) set(TracedText.Trusted(name), value);
    }

    private static Callable MakeJoiner(RenderContext context, Arguments arguments)
    {
        TracedText separator = arguments.Bind(context, "joiner", ["sep"]).Text(context, 0, ", ");
        bool isUsed = false;
        return new("joiner", (_, _) =>
        {
            TracedText text = isUsed ? separator : TracedText.Empty;
            isUsed = true;
            return text;
        });
    }

    private static TemplateNamespace MakeCycler(RenderContext context, Arguments arguments)
    {
        object?[] items = arguments.Positional;
        if (items.Length == 0) throw context.Fail("at least one item has to be provided");
        int position = 0;
        var cycler = new TemplateNamespace();
        cycler.Attributes["current"] = items[0];
        cycler.Attributes["next"] = new Callable("next", (_, _) => Move((position + 1) % items.Length, items[position]));
        cycler.Attributes["reset"] = new Callable("reset", (_, _) => Move(0, null));
        return cycler;

        object? Move(int to, object? result)
        {
            position = to;
            cycler.Attributes["current"] = items[to];
            return result;
        }
    }
}
