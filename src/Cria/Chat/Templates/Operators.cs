namespace Cria.Chat.Templates;

/// <summary>Truth, equality, order and iteration of values, as Python defines them.</summary>
internal static partial class Operators
{
    /// <summary>Whether a value counts as true: neither none, undefined, false, zero nor empty.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        TracedText text => text.Length > 0,
        TemplateList list => list.Count > 0,
        TemplateMap map => map.Count > 0,
        _ => true,
    };

    /// <summary>The elements of a list, the keys of a mapping or the characters of a text.</summary>
    public static IEnumerable<object?> Iterate(RenderContext context, object? value) => value switch
    {
        TemplateList list => list.Items,
        TemplateMap map => map.Entries.Select(entry => entry.Key),
        TracedText text => text.CodePoints(),
        Undefined => [],
        _ => throw context.Fail($"'{ValueText.TypeName(value)}' object is not iterable"),
    };

    /// <summary>Whether two values are equal; numbers compare by value, a list never equals a tuple.</summary>
    public static bool AreEqual(RenderContext context, object? left, object? right)
    {
        if (left is TracedText leftText && right is TracedText rightText)
        {
            if (ReferenceEquals(leftText, rightText)) return true;
            if (leftText.Length != rightText.Length) return false;
            context.Budget.Spend(leftText.Length >> 4);
            return leftText.Value == rightText.Value;
        }

        if (TryNumber(left, out double leftNumber) && TryNumber(right, out double rightNumber))
            return left is double || right is double ? leftNumber == rightNumber : ToInteger(left) == ToInteger(right);
        return (left, right) switch
        {
            (null, null) => true,
            (Undefined, Undefined) => true,
            (TemplateList first, TemplateList second) => AreEqual(context, first, second),
            (TemplateMap first, TemplateMap second) => AreEqual(context, first, second),
            _ => ReferenceEquals(left, right),
        };
    }

    /// <summary>Negative, zero or positive as the left value stands before, with or after the right one.</summary>
    public static int Order(RenderContext context, object? left, object? right, string symbol = "<")
    {
        if (left is Undefined missing || (missing = (right as Undefined)!) is not null) throw context.Fail(missing.Message);
        if (left is TracedText leftText && right is TracedText rightText)
        {
            context.Budget.Spend(Math.Min(leftText.Length, rightText.Length) >> 4);
            return OrderByCodePoint(leftText.Value, rightText.Value);
        }

        if (TryNumber(left, out double leftNumber) && TryNumber(right, out double rightNumber))
            return left is double || right is double ? leftNumber.CompareTo(rightNumber) : ToInteger(left).CompareTo(ToInteger(right));
        if (left is TemplateList first && right is TemplateList second && first.IsTuple == second.IsTuple)
        {
            context.Budget.Enter();
            int common = Math.Min(first.Count, second.Count);
            int order = first.Count.CompareTo(second.Count);
            for (int i = 0; i < common; i++)
            {
                context.Budget.Spend(1);
                if (AreEqual(context, first.Items[i], second.Items[i])) continue;
                order = Order(context, first.Items[i], second.Items[i], symbol);
                break;
            }

            context.Budget.Leave();
            return order;
        }

        throw context.Fail($"'{symbol}' not supported between instances of '{ValueText.TypeName(left)}' and '{ValueText.TypeName(right)}'");
    }

    /// <summary>One comparison: == != &lt; &lt;= &gt; &gt;= in, not in.</summary>
    public static bool Compare(RenderContext context, string comparison, object? left, object? right) => comparison switch
    {
        "==" => AreEqual(context, left, right),
        "!=" => !AreEqual(context, left, right),
        "in" => Contains(context, right, left),
        "not in" => !Contains(context, right, left),
        "<" => !IsNaN(left, right) && Order(context, left, right, comparison) < 0,
        "<=" => !IsNaN(left, right) && Order(context, left, right, comparison) <= 0,
        ">" => !IsNaN(left, right) && Order(context, left, right, comparison) > 0,
        _ => !IsNaN(left, right) && Order(context, left, right, comparison) >= 0,
    };

    /// <summary>Whether a list holds an element, a mapping a key or a text a part.</summary>
    public static bool Contains(RenderContext context, object? container, object? item)
    {
        switch (container)
        {
            case TracedText text:
                if (item is Undefined missing) throw context.Fail(missing.Message);
                if (item is not TracedText part) throw context.Fail($"'in <string>' requires string as left operand, not {ValueText.TypeName(item)}");
                context.Budget.Spend((text.Length >> 4) + (part.Length >> 4));
                return text.Value.Contains(part.Value, StringComparison.Ordinal);
            case TemplateList list:
                foreach (object? element in list.Items)
                {
                    context.Budget.Spend(1);
                    if (AreEqual(context, element, item)) return true;
                }

                return false;
            case TemplateMap map:
                if (item is TemplateMap or TemplateList { IsTuple: false }) throw context.Fail($"unhashable type: '{ValueText.TypeName(item)}'");
                if (item is TracedText key) context.Budget.Spend(key.Length >> 4);
                return map.TryGet(item, out _);
            case Undefined:
                return false;
            default:
                throw context.Fail($"argument of type '{ValueText.TypeName(container)}' is not iterable");
        }
    }

    /// <summary>The value as a number; truth values are 0 and 1.</summary>
    public static bool TryNumber(object? value, out double number)
    {
        number = value switch { bool flag => flag ? 1 : 0, long integer => integer, double real => real, _ => 0 };
        return value is bool or long or double;
    }

    /// <summary>The integer behind a <see cref="long"/> or <see cref="bool"/>.</summary>
    public static long ToInteger(object? value) => value is bool flag ? (flag ? 1 : 0) : (long)value!;

    private static bool IsNaN(object? left, object? right) => left is double.NaN || right is double.NaN;

    private static bool AreEqual(RenderContext context, TemplateList left, TemplateList right)
    {
        if (ReferenceEquals(left, right)) return true;
        if (left.Count != right.Count || left.IsTuple != right.IsTuple) return false;
        context.Budget.Enter();
        bool equal = true;
        for (int i = 0; equal && i < left.Count; i++)
        {
            context.Budget.Spend(1);
            equal = AreEqual(context, left.Items[i], right.Items[i]);
        }

        context.Budget.Leave();
        return equal;
    }

    private static bool AreEqual(RenderContext context, TemplateMap left, TemplateMap right)
    {
        if (ReferenceEquals(left, right)) return true;
        if (left.Count != right.Count) return false;
        context.Budget.Enter();
        bool equal = true;
        foreach ((object? key, object? value) in left.Entries)
        {
            context.Budget.Spend(1);
            equal = right.TryGet(key, out object? other) && AreEqual(context, value, other);
            if (!equal) break;
        }

        context.Budget.Leave();
        return equal;
    }

    // UTF-16 order puts the planes above the first before U+E000, code point order does not.
    private static int OrderByCodePoint(string left, string right)
    {
        int common = Math.Min(left.Length, right.Length);
        int at = left.AsSpan(0, common).CommonPrefixLength(right.AsSpan(0, common));
        if (at == common) return left.Length.CompareTo(right.Length);
        bool leftSurrogate = char.IsSurrogate(left[at]), rightSurrogate = char.IsSurrogate(right[at]);
        return leftSurrogate == rightSurrogate ? left[at].CompareTo(right[at]) : leftSurrogate ? 1 : -1;
    }
}
