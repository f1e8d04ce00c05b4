using System.Globalization;

namespace Cria.Chat.Templates;

/// <summary>Python's <c>text.format(…)</c>.</summary>
internal static class BraceFormat
{
    /// <summary>Fills the places in braces.</summary>
    public static TracedText Apply(RenderContext context, TracedText format, Arguments arguments)
    {
        TracedTextBuilder result = context.NewText();
        string text = format.Value;
        int automatic = 0;
        for (int i = 0; i < text.Length; i++)
        {
            context.Budget.Spend(1);
            char character = text[i];
            if (character is not ('{' or '}'))
            {
                result.Append(format, i, 1);
                continue;
            }

            if (i + 1 < text.Length && text[i + 1] == character)
            {
                result.Append(format, i++, 1);
                continue;
            }

            int close = character == '{' ? text.IndexOf('}', i) : -1;
            if (close < 0) throw context.Fail($"single '{character}' encountered in format string");
            Write(context, result, text[(i + 1)..close], arguments, ref automatic);
            i = close;
        }

        return result.ToText();
    }

    private static void Write(RenderContext context, TracedTextBuilder result, string field, Arguments arguments, ref int automatic)
    {
        if (field.Contains('{', StringComparison.Ordinal)) throw context.Fail("a format inside a format is not possible in a chat template");
        int colon = field.IndexOf(':', StringComparison.Ordinal);
        string specText = colon < 0 ? "" : field[(colon + 1)..];
        string path = colon < 0 ? field : field[..colon];
        int bang = path.IndexOf('!', StringComparison.Ordinal);
        string conversion = bang < 0 ? "" : path[(bang + 1)..];
        if (bang >= 0) path = path[..bang];

        object? value = Resolve(context, path, arguments, ref automatic);
        FormatSpec spec = ReadSpec(context, specText);
        if (conversion is "r" or "a")
        {
            TracedTextBuilder shown = context.NewText();
            ValueText.AppendRepresentation(context, shown, value);
            value = shown.ToText();
        }
        else if (conversion == "s")
        {
            value = ValueText.Of(context, value);
        }
        else if (conversion.Length > 0)
        {
            throw context.Fail($"unknown conversion '{conversion}' in a format");
        }

        if (value is bool flag && spec.Kind is '\0' && specText.Length == 0) value = TracedText.Trusted(flag ? "True" : "False");
        switch (value)
        {
            case bool or long:
                spec.AppendNumber(context, result, Operators.ToInteger(value));
                break;
            case double number:
                spec.AppendNumber(context, result, number);
                break;
            default:
                if (spec.Kind is not ('\0' or 's')) throw context.Fail($"unknown format code '{spec.Kind}' for object of type '{ValueText.TypeName(value)}'");
                spec.AppendText(result, ValueText.Of(context, value));
                break;
        }
    }

    private static object? Resolve(RenderContext context, string path, Arguments arguments, ref int automatic)
    {
        int end = path.AsSpan().IndexOfAny('.', '[');
        string name = end < 0 ? path : path[..end];
        object? value;
        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
        {
            int index = name.Length == 0 ? automatic++ : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : int.MaxValue;
            if (index >= arguments.Positional.Length) throw context.Fail("replacement index out of range for positional arguments");
            value = arguments.Positional[index];
        }
        else
        {
            int index = Array.FindIndex(arguments.Named, argument => argument.Key == name);
            if (index < 0) throw context.Fail($"the format names '{name}', which was not given");
            value = arguments.Named[index].Value;
        }

        for (int at = end; at >= 0 && at < path.Length;)
        {
            context.Budget.Spend(1);
            if (path[at] == '.')
            {
                int stop = path.AsSpan(at + 1).IndexOfAny('.', '[');
                stop = stop < 0 ? path.Length : at + 1 + stop;
                value = Members.GetAttribute(context, value, path[(at + 1)..stop]);
                at = stop;
            }
            else
            {
                int stop = path.IndexOf(']', at);
                if (stop < 0 || path[at] != '[') throw context.Fail("a format's brackets are not closed");
                string key = path[(at + 1)..stop];
                value = Members.GetElement(context, value, long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : TracedText.Trusted(key));
                at = stop + 1;
            }
        }

        return value is Undefined missing ? throw context.Fail(missing.Message) : value;
    }

    private static FormatSpec ReadSpec(RenderContext context, string text)
    {
        var spec = new FormatSpec();
        int at = 0;
        if (text.Length > 1 && text[1] is '<' or '>' or '^' or '=')
        {
            spec.Fill = TracedText.Trusted(text[..1]);
            spec.Align = text[1];
            at = 2;
        }
        else if (text.Length > 0 && text[0] is '<' or '>' or '^' or '=')
        {
            spec.Align = text[0];
            at = 1;
        }

        if (at < text.Length && text[at] is '+' or '-' or ' ') spec.Sign = text[at++];
        if (Skip('#')) spec.Alternate = true;
        if (Skip('0')) spec.ZeroFill = spec.Align == '\0';
        spec.Width = Count() ?? 0;
        if (at < text.Length && text[at] is ',' or '_') spec.Grouping = text[at++];
        if (Skip('.')) spec.Precision = Count() ?? throw context.Fail("a format's precision is missing");
        if (at < text.Length) spec.Kind = text[at++];
        if (at < text.Length) throw context.Fail($"invalid format specifier '{text}'");
        return spec;

        bool Skip(char wanted)
        {
            bool found = at < text.Length && text[at] == wanted;
            if (found) at++;
            return found;
        }

        int? Count()
        {
            int start = at;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            if (at == start) return null;
            return int.TryParse(text.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= FormatSpec.MaximumWidth
                ? count : throw context.Fail("a format's width or precision is too large");
        }
    }
}
