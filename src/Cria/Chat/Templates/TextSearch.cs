namespace Cria.Chat.Templates;

/// <summary>Finding, splitting and replacing parts of a text.</summary>
internal static class TextSearch
{
    /// <summary>Python's <c>split</c>: at a separator, or at runs of white space when it is null.</summary>
    public static TemplateList Split(RenderContext context, TracedText text, string? separator, long maximum)
    {
        CheckSeparator(context, separator);
        var parts = new List<object?>();
        int start = separator is null ? SkipSpace(text, 0) : 0;
        while (maximum < 0 || parts.Count < maximum)
        {
            int at = separator is null ? FindSpace(text, start) : text.Value.IndexOf(separator, start, StringComparison.Ordinal);
            if (at < 0) break;
            Add(context, parts, text, start, at);
            start = separator is null ? SkipSpace(text, at) : at + separator.Length;
        }

        if (separator is not null || start < text.Length) Add(context, parts, text, start, text.Length);
        return new([.. parts]);
    }

    /// <summary>Python's <c>rsplit</c>: as <see cref="Split"/>, counting the splits from the right.</summary>
    public static TemplateList SplitFromRight(RenderContext context, TracedText text, string? separator, long maximum)
    {
        CheckSeparator(context, separator);
        if (maximum < 0) return Split(context, text, separator, maximum);
        var parts = new List<object?>();
        int end = separator is null ? SkipSpaceBack(text, text.Length) : text.Length;
        while (parts.Count < maximum && end > 0)
        {
            int at = separator is null ? FindSpaceBack(text, end) : text.Value.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal);
            if (at < 0) break;
            Add(context, parts, text, at + (separator?.Length ?? 1), end);
            end = separator is null ? SkipSpaceBack(text, at) : at;
        }

        if (separator is not null || end > 0) Add(context, parts, text, 0, end);
        parts.Reverse();
        return new([.. parts]);
    }

    /// <summary>Python's <c>splitlines</c>.</summary>
    public static IEnumerable<TracedText> Lines(TracedText text, bool keepEnds)
    {
        string value = text.Value;
        for (int start = 0; start < value.Length;)
        {
            int end = start;
            while (end < value.Length && !IsLineEnd(value[end])) end++;
            int next = end == value.Length ? end : value[end] == '\r' && end + 1 < value.Length && value[end + 1] == '\n' ? end + 2 : end + 1;
            yield return text.Slice(start, (keepEnds ? next : end) - start);
            start = next;
        }
    }

    /// <summary>A text with up to <paramref name="maximum"/> (all when negative) occurrences replaced.</summary>
    public static TracedText Replace(RenderContext context, TracedText text, string old, TracedText replacement, long maximum)
    {
        TracedTextBuilder result = context.NewText();
        int start = 0;
        long count = 0;
        if (old.Length == 0)
        {
            foreach (TracedText character in text.CodePoints())
            {
                context.Budget.Spend(1);
                if (maximum < 0 || count++ < maximum) result.Append(replacement);
                result.Append(character);
            }

            if (maximum < 0 || count < maximum) result.Append(replacement);
            return result.ToText();
        }

        for (; maximum < 0 || count < maximum; count++)
        {
            int at = text.Value.IndexOf(old, start, StringComparison.Ordinal);
            if (at < 0) break;
            context.Budget.Spend(1);
            result.Append(text, start, at - start).Append(replacement);
            start = at + old.Length;
        }

        return count == 0 ? text : result.Append(text, start, text.Length - start).ToText();
    }

    /// <summary>Number of occurrences that do not overlap.</summary>
    public static long Count(TracedText text, string part)
    {
        if (part.Length == 0) return text.CodePointCount + 1L;
        long count = 0;
        for (int at = text.Value.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.Value.IndexOf(part, at + part.Length, StringComparison.Ordinal)) count++;
        return count;
    }

    private static void CheckSeparator(RenderContext context, string? separator)
    {
        if (separator is { Length: 0 }) throw context.Fail("empty separator");
    }

    private static void Add(RenderContext context, List<object?> parts, TracedText text, int start, int end)
    {
        context.Budget.SpendElements(4);
        context.Budget.SpendCharacters(end - start);
        parts.Add(text.Slice(start, end - start));
    }

    private static bool IsLineEnd(char character) => character is '\n' or '\r' or '\v' or '\f' or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029';

    private static int SkipSpace(TracedText text, int at)
    {
        while (at < text.Length && TracedText.IsSpace(text.Value[at])) at++;
        return at;
    }

    private static int SkipSpaceBack(TracedText text, int end)
    {
        while (end > 0 && TracedText.IsSpace(text.Value[end - 1])) end--;
        return end;
    }

    // A word that reaches the end is a part without a separator after it.
    private static int FindSpace(TracedText text, int at)
    {
        while (at < text.Length && !TracedText.IsSpace(text.Value[at])) at++;
        return at < text.Length ? at : -1;
    }

    private static int FindSpaceBack(TracedText text, int end)
    {
        while (end > 0 && !TracedText.IsSpace(text.Value[end - 1])) end--;
        return end - 1;
    }
}
