using System.Globalization;

namespace Cria.Chat.Templates;

/// <summary>
/// The <c>tojson</c> of chat templates: Python's <c>json.dumps</c> with its separators and with characters outside ASCII left as they are unless asked otherwise.
/// </summary>
internal sealed class JsonText(RenderContext context, bool ensureAscii, string? indent, TracedText itemSeparator, TracedText keySeparator, bool sortKeys)
{
    private readonly TracedTextBuilder output = context.NewText();

    /// <summary>The JSON of a value.</summary>
    public TracedText Write(object? value)
    {
        WriteValue(value, 0);
        return output.ToText();
    }

    private void WriteValue(object? value, int depth)
    {
        context.Budget.Spend(1);
        switch (value)
        {
            case null: output.Append("null"); break;
            case bool flag: output.Append(flag ? "true" : "false"); break;
            case long number: output.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: output.Append(Real(number)); break;
            case TracedText text: WriteText(text); break;
            case TemplateList list: WriteList(list, depth); break;
            case TemplateMap map: WriteMap(map, depth); break;
            default: throw context.Fail($"Object of type {ValueText.TypeName(value)} is not JSON serializable");
        }
    }

    private static string Real(double number) => double.IsNaN(number) ? "NaN" : double.IsPositiveInfinity(number) ? "Infinity"
        : double.IsNegativeInfinity(number) ? "-Infinity" : ValueText.Real(number);

    private void WriteList(TemplateList list, int depth)
    {
        if (list.Count == 0)
        {
            output.Append("[]");
            return;
        }

        context.Budget.Enter();
        output.Append('[');
        for (int i = 0; i < list.Count; i++)
        {
            if (i > 0) output.Append(itemSeparator);
            WriteLineBreak(depth + 1);
            WriteValue(list.Items[i], depth + 1);
        }

        WriteLineBreak(depth);
        output.Append(']');
        context.Budget.Leave();
    }

    private void WriteMap(TemplateMap map, int depth)
    {
        if (map.Count == 0)
        {
            output.Append("{}");
            return;
        }

        context.Budget.Enter();
        output.Append('{');
        IEnumerable<KeyValuePair<object?, object?>> entries = map.Entries;
        if (sortKeys) entries = entries.Order(Comparer<KeyValuePair<object?, object?>>.Create((left, right) => Operators.Order(context, left.Key, right.Key)));
        bool isFirst = true;
        foreach ((object? key, object? value) in entries)
        {
            if (!isFirst) output.Append(itemSeparator);
            isFirst = false;
            WriteLineBreak(depth + 1);
            WriteText(key switch
            {
                TracedText text => text,
                null => TracedText.Trusted("null"),
                bool flag => TracedText.Trusted(flag ? "true" : "false"),
                _ => ValueText.Of(context, key),
            });
            output.Append(keySeparator);
            WriteValue(value, depth + 1);
        }

        WriteLineBreak(depth);
        output.Append('}');
        context.Budget.Leave();
    }

    private void WriteLineBreak(int depth)
    {
        if (indent is null) return;
        output.Append('\n');
        for (; depth > 0; depth--) output.Append(indent);
    }

    private void WriteText(TracedText text)
    {
        output.Append('"');
        int plainStart = 0;
        for (int i = 0; i < text.Length; i++)
        {
            string? escape = Escape(text.Value[i]);
            if (escape is null) continue;
            output.Append(text, plainStart, i - plainStart);
            output.Append(escape, text.IsTrustedAt(i));
            plainStart = i + 1;
        }

        output.Append(text, plainStart, text.Length - plainStart);
        output.Append('"');
    }

    private string? Escape(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\f' => "\\f",
        '\b' => "\\b",
        < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
        >= '\x7f' when ensureAscii => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
        _ => null,
    };
}
