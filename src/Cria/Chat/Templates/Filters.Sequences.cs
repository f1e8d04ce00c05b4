namespace Cria.Chat.Templates;

internal static partial class Filters
{
    private static TemplateList SortMap(RenderContext context, object? value, Arguments arguments)
    {
        if (value is not TemplateMap map) throw context.Fail("dictsort needs a mapping");
        int position = arguments.Text(context, 1, "key").Value switch { "key" => 0, "value" => 1, _ => throw context.Fail("dictsort sorts by either \"key\" or \"value\"") };
        Func<object?, object?> key = AttributeGetter(context, (long)position, ignoreCase: !arguments.Flag(0, false));
        return new(Sorted(context, Items(context, map).Items, [key], arguments.Flag(2, false)));
    }

    private static TemplateList Sort(RenderContext context, object? value, Arguments arguments)
    {
        bool ignoreCase = !arguments.Flag(1, false);
        Func<object?, object?>[] keys = arguments[2] is TracedText names
            ? [.. names.Value.Split(',').Select(name => AttributeGetter(context, TracedText.Trusted(name), ignoreCase))]
            : [AttributeGetter(context, arguments[2], ignoreCase)];
        return new(Sorted(context, context.List(Operators.Iterate(context, value)).Items, keys, arguments.Flag(0, false)));
    }

    // A stable merge sort: the library's sorts wrap a failing comparison in an exception of their own.
    private static object?[] Sorted(RenderContext context, object?[] items, Func<object?, object?>[] keys, bool isReversed)
    {
        context.Budget.SpendElements(items.Length * (long)(keys.Length + 2));
        object?[][] keyed = [.. items.Select(item => keys.Select(key => key(item)).ToArray())];
        int[] order = [.. Enumerable.Range(0, items.Length)];
        int[] merged = new int[items.Length];
        for (int width = 1; width < items.Length; width *= 2)
        {
            for (int start = 0; start < items.Length; start += 2 * width)
            {
                int middle = Math.Min(start + width, items.Length), end = Math.Min(middle + width, items.Length);
                int left = start, right = middle;
                for (int i = start; i < end; i++)
                    merged[i] = right >= end || (left < middle && !IsAfter(order[left], order[right])) ? order[left++] : order[right++];
            }

            (order, merged) = (merged, order);
        }

        return [.. order.Select(index => items[index])];

        bool IsAfter(int left, int right)
        {
            for (int i = 0; i < keys.Length; i++)
            {
                context.Budget.Spend(1);
                object? first = keyed[left][i], second = keyed[right][i];
                if (Operators.AreEqual(context, first, second)) continue;
                return Operators.Order(context, first, second) > 0 != isReversed;
            }

            return false;
        }
    }

    private static object? Extreme(RenderContext context, object? value, Arguments arguments, int sign)
    {
        Func<object?, object?> key = AttributeGetter(context, arguments[1], ignoreCase: !arguments.Flag(0, false));
        object? best = new Undefined("No aggregated item, sequence was empty."), bestKey = null;
        bool isFirst = true;
        foreach (object? item in Operators.Iterate(context, value))
        {
            context.Budget.Spend(1);
            object? itemKey = key(item);
            if (!isFirst && Operators.Order(context, itemKey, bestKey) * sign <= 0) continue;
            (best, bestKey, isFirst) = (item, itemKey, false);
        }

        return best;
    }

    private static object? Sum(RenderContext context, object? value, Arguments arguments)
    {
        Func<object?, object?> attribute = AttributeGetter(context, arguments[0]);
        object? sum = arguments.Has(1) ? arguments[1] : 0L;
        foreach (object? item in Operators.Iterate(context, value))
        {
            context.Budget.Spend(1);
            sum = Operators.Arithmetic(context, "+", sum, attribute(item));
        }

        return sum;
    }

    private static TemplateList Unique(RenderContext context, object? value, Arguments arguments)
    {
        Func<object?, object?> key = AttributeGetter(context, arguments[1], ignoreCase: !arguments.Flag(0, false));
        var seen = new TemplateMap();
        return context.List(Operators.Iterate(context, value).Where(item =>
        {
            context.Budget.SpendElements(1);
            object? itemKey = key(item);
            bool isNew = !seen.TryGet(itemKey, out _);
            if (isNew && !seen.TrySet(itemKey, true)) throw context.Fail($"unhashable type: '{ValueText.TypeName(itemKey)}'");
            return isNew;
        }));
    }

    private static TemplateList Batch(RenderContext context, object? value, Arguments arguments)
    {
        long size = arguments.Integer(context, 0, 0);
        if (size < 1) throw context.Fail("batch needs a positive number of elements");
        var batches = new List<object?>();
        var current = new List<object?>();
        foreach (object? item in Operators.Iterate(context, value))
        {
            context.Budget.SpendElements(2);
            if (current.Count == size)
            {
                batches.Add(new TemplateList([.. current]));
                current.Clear();
            }

            current.Add(item);
        }

        if (current.Count > 0)
        {
            if (arguments[1] is not null)
            {
                context.Budget.SpendElements(size - current.Count);
                while (current.Count < size) current.Add(arguments[1]);
            }

            batches.Add(new TemplateList([.. current]));
        }

        return new([.. batches]);
    }

    private static TemplateList Slice(RenderContext context, object? value, Arguments arguments)
    {
        long count = arguments.Integer(context, 0, 0);
        if (count < 1) throw context.Fail("slice needs a positive number of slices");
        context.Budget.SpendElements(2 * count);
        object?[] items = context.List(Operators.Iterate(context, value)).Items;
        (long size, long larger) = (items.Length / count, items.Length % count);
        var slices = new List<object?>();
        long start = 0;
        for (long i = 0; i < count; i++)
        {
            long end = start + size + (i < larger ? 1 : 0);
            object?[] part = items[(int)start..(int)end];
            slices.Add(new TemplateList(arguments[1] is not null && i >= larger ? [.. part, arguments[1]] : part));
            start = end;
        }

        return new([.. slices]);
    }
}
