using System.Globalization;

namespace Cria.Chat.Templates;

/// <summary>Python's <c>text % values</c>.</summary>
internal static class PercentFormat
{
    /// <summary>Fills the places of a format: by position, or by name from a mapping. What is left over is an error unless allowed.</summary>
    public static TracedText Apply(RenderContext context, TracedText format, object?[] values, TemplateMap? named, bool allowsUnused = false)
    {
        TracedTextBuilder result = context.NewText();
        string text = format.Value;
        int used = 0, start = 0;
        for (int at = text.IndexOf('%', StringComparison.Ordinal); at >= 0; at = start < text.Length ? text.IndexOf('%', start) : -1)
        {
            context.Budget.Spend(1);
            result.Append(format, start, at - start);
            int position = at + 1;
            object? fromName = null;
            bool hasName = position < text.Length && text[position] == '(';
            if (hasName)
            {
                int close = text.IndexOf(')', position);
                if (close < 0 || named is null) throw context.Fail(named is null ? "format requires a mapping" : "incomplete format key");
                string name = text[(position + 1)..close];
                if (!named.TryGet(name, out fromName)) throw context.Fail($"the format names '{name}', which was not given");
                position = close + 1;
            }

            var spec = new FormatSpec { Align = '>' };
            for (; position < text.Length && text[position] is '-' or '+' or ' ' or '0' or '#'; position++)
            {
                switch (text[position])
                {
                    case '-': spec.Align = '<'; break;
                    case '0': spec.ZeroFill = true; break;
                    case '#': spec.Alternate = true; break;
                    default: spec.Sign = spec.Sign == '+' ? '+' : text[position]; break;
                }
            }

            spec.Width = ReadCount(context, text, ref position, values, ref used) ?? 0;
            if (position < text.Length && text[position] == '.')
            {
                position++;
                spec.Precision = ReadCount(context, text, ref position, values, ref used) ?? 0;
            }

            while (position < text.Length && text[position] is 'h' or 'l' or 'L') position++;
            if (position >= text.Length) throw context.Fail("incomplete format");
            spec.Kind = text[position];
            start = position + 1;
            if (spec.Kind == '%')
            {
                result.Append('%');
                continue;
            }

            Write(context, result, spec, hasName ? fromName : Next(context, values, ref used));
        }

        result.Append(format, start, text.Length - start);
        if (named is null && !allowsUnused && used < values.Length) throw context.Fail("not all arguments converted during string formatting");
        return result.ToText();
    }

    private static void Write(RenderContext context, TracedTextBuilder result, FormatSpec spec, object? value)
    {
        switch (spec.Kind)
        {
            case 's' or 'r' or 'a':
                TracedTextBuilder shown = context.NewText();
                if (spec.Kind == 's') ValueText.Append(context, shown, value);
                else ValueText.AppendRepresentation(context, shown, value);
                spec.ZeroFill = false;
                spec.AppendText(result, shown.ToText());
                break;
            case 'c':
                TracedText character = value as TracedText ?? (value is long and >= 0 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF)
                    ? TracedText.Trusted(char.ConvertFromUtf32((int)(long)value)) : throw context.Fail("%c requires an integer or a character"));
                if (character.CodePointCount != 1) throw context.Fail("%c requires an integer or a character");
                spec.Precision = null;
                spec.AppendText(result, character);
                break;
            case 'd' or 'i' or 'u' when value is double real && double.IsFinite(real) && Math.Abs(real) < long.MaxValue:
                spec.Kind = 'd';
                spec.AppendNumber(context, result, (long)real);
                break;
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o' when value is long or bool:
                if (spec.Kind is 'i' or 'u') spec.Kind = 'd';
                spec.AppendNumber(context, result, Operators.ToInteger(value));
                break;
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G' when Operators.TryNumber(value, out double number):
                spec.AppendNumber(context, result, number);
                break;
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                throw context.Fail($"%{spec.Kind} format: a real number is required, not {ValueText.TypeName(value)}");
            default:
                throw context.Fail(string.Create(CultureInfo.InvariantCulture, $"unsupported format character '{spec.Kind}'"));
        }
    }

    private static int? ReadCount(RenderContext context, string text, ref int position, object?[] values, ref int used)
    {
        if (position < text.Length && text[position] == '*')
        {
            position++;
            return Next(context, values, ref used) is long and >= 0 and <= FormatSpec.MaximumWidth and var count ? (int)count : throw context.Fail("* wants an int");
        }

        int start = position;
        while (position < text.Length && char.IsAsciiDigit(text[position])) position++;
        if (position == start) return null;
        return int.TryParse(text.AsSpan(start, position - start), NumberStyles.None, CultureInfo.InvariantCulture, out int read) && read <= FormatSpec.MaximumWidth
            ? read : throw context.Fail("the format's width or precision is too large");
    }

    private static object? Next(RenderContext context, object?[] values, ref int used) =>
        used < values.Length ? values[used++] : throw context.Fail("not enough arguments for format string");
}
