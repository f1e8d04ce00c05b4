using System.Globalization;
using System.Text;

namespace Cria.Chat.Templates;

internal static partial class Filters
{
    private static TracedText ToJson(RenderContext context, object? value, Arguments arguments)
    {
        string? indent = arguments[1] switch
        {
            null => null,
            TracedText text => text.Value,
            _ => new string(' ', (int)Math.Clamp(arguments.Integer(context, 1, 0), 0, 1000)),
        };
        (TracedText item, TracedText key) = arguments[2] switch
        {
            null => (TracedText.Trusted(indent is null ? ", " : ","), TracedText.Trusted(": ")),
            TemplateList { Count: 2 } pair when pair.Items[0] is TracedText first && pair.Items[1] is TracedText second => (first, second),
            _ => throw context.Fail("separators should be a pair of strings"),
        };
        return new JsonText(context, arguments.Flag(0, false), indent, item, key, arguments.Flag(3, false)).Write(value);
    }

    private static TracedText Replace(RenderContext context, object? value, Arguments arguments) => TextSearch.Replace(
        context, ValueText.Of(context, value), ValueText.Of(context, arguments.Required(context, 0, "old")).Value, ValueText.Of(context, arguments.Required(context, 1, "new")),
        arguments.OptionalInteger(context, 2) ?? -1);

    private static TracedText Indent(RenderContext context, object? value, Arguments arguments)
    {
        TracedText text = Text(context, "indent", value);
        TracedText indent = arguments[0] as TracedText ?? TracedText.Trusted(new string(' ', (int)Math.Clamp(arguments.Integer(context, 0, 4), 0, 1000)));
        bool indentFirst = arguments.Flag(1, false), indentBlank = arguments.Flag(2, false);
        TracedTextBuilder result = context.NewText();
        bool isFirst = true;
        // The appended line break makes the last line count even when it is empty.
        foreach (TracedText line in TextSearch.Lines(context.NewText().Append(text).Append('\n').ToText(), keepEnds: false))
        {
            context.Budget.Spend(1);
            if (!isFirst) result.Append('\n');
            if (isFirst ? indentFirst : indentBlank || line.Length > 0) result.Append(indent);
            result.Append(line);
            isFirst = false;
        }

        return result.ToText();
    }

    private static TracedText Text(RenderContext context, string filter, object? value) => value switch
    {
        TracedText text => text,
        Undefined missing => throw context.Fail(missing.Message),
        _ => throw context.Fail($"{filter} needs a string, not a {ValueText.TypeName(value)}"),
    };

    private static TracedText Escape(RenderContext context, object? value, Arguments arguments)
    {
        TracedText text = ValueText.Of(context, value);
        TracedTextBuilder result = context.NewText();
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            string? entity = text.Value[i] switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '\'' => "&#39;", '"' => "&#34;", _ => null };
            if (entity is null) continue;
            result.Append(text, start, i - start).Append(entity, text.IsTrustedAt(i));
            start = i + 1;
        }

        return result.Append(text, start, text.Length - start).ToText();
    }

    private static object? Truncate(RenderContext context, object? value, Arguments arguments)
    {
        if (value is TemplateList or TemplateMap) return value;
        TracedText text = Text(context, "truncate", value);
        long length = arguments.Integer(context, 0, 255);
        TracedText end = arguments.Text(context, 2, "...");
        long leeway = arguments.OptionalInteger(context, 3) ?? 5;
        if (length < end.CodePointCount || leeway < 0) throw context.Fail("truncate needs a length that holds its ending and a leeway of at least 0");
        if (text.CodePointCount <= length + leeway) return text;
        TracedText kept = text.Slice(0, text.OffsetOf((int)(length - end.CodePointCount)));
        int blank = kept.Value.LastIndexOf(' ');
        if (!arguments.Flag(1, false) && blank >= 0) kept = kept.Slice(0, blank);
        return context.NewText().Append(kept).Append(end).ToText();
    }

    private static object? Center(RenderContext context, object? value, Arguments arguments)
    {
        var center = (Callable)Members.GetAttribute(context, ValueText.Of(context, value), "center")!;
        return center.Invoke(context, new([arguments.Integer(context, 0, 80)], []));
    }

    private static object WordCount(RenderContext context, object? value, Arguments arguments)
    {
        long count = 0;
        bool inWord = false;
        foreach (Rune rune in ValueText.Of(context, value).Value.EnumerateRunes())
        {
            bool isWord = Rune.IsLetterOrDigit(rune) || Rune.IsNumber(rune) || rune.Value == '_';
            if (isWord && !inWord) count++;
            inWord = isWord;
        }

        return count;
    }

    private static TracedText Format(RenderContext context, object? value, Arguments arguments)
    {
        if (arguments.Positional.Length > 0 && arguments.Named.Length > 0) throw context.Fail("format cannot take positional and keyword arguments at the same time");
        var named = new TemplateMap();
        foreach ((string name, object? argument) in arguments.Named) named.Set(name, argument);
        return PercentFormat.Apply(context, ValueText.Of(context, value), arguments.Positional, named.Count > 0 ? named : null);
    }

    private static object Absolute(RenderContext context, object? value) => value switch
    {
        bool flag => (object)(flag ? 1L : 0L),
        long number => number == long.MinValue ? throw context.Fail("a number is larger than 64 bits hold; use another template") : Math.Abs(number),
        double number => Math.Abs(number),
        Undefined missing => throw context.Fail(missing.Message),
        _ => throw context.Fail($"bad operand type for abs(): '{ValueText.TypeName(value)}'"),
    };

    private static object? ToInteger(RenderContext context, object? value, Arguments arguments)
    {
        object? fallback = arguments.Has(0) ? arguments[0] : 0L;
        switch (value)
        {
            case bool or long:
                return Operators.ToInteger(value);
            case double number:
                return FromReal(number);
            case TracedText text:
                long radix = arguments.Integer(context, 1, 10);
                if (TryParseInteger(text.Strip(null).Value, radix, out long parsed)) return parsed;
                return TryParseReal(text.Value, out double real) ? FromReal(real) : fallback;
            case Undefined missing:
                throw context.Fail(missing.Message);
            default:
                return fallback;
        }

        object? FromReal(double number) => double.IsFinite(number) && Math.Abs(number) < long.MaxValue ? (long)number : fallback;
    }

    private static object? ToReal(RenderContext context, object? value, Arguments arguments)
    {
        if (value is Undefined missing) throw context.Fail(missing.Message);
        if (Operators.TryNumber(value, out double number)) return number;
        if (value is TracedText text && TryParseReal(text.Value, out number)) return number;
        return arguments.Has(0) ? arguments[0] : 0.0;
    }

    private static bool TryParseInteger(string text, long radix, out long value)
    {
        value = 0;
        bool isNegative = text.StartsWith('-');
        string digits = (isNegative || text.StartsWith('+') ? text[1..] : text).ToLowerInvariant();
        string prefix = radix switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => " " };
        if (digits.StartsWith(prefix, StringComparison.Ordinal)) digits = digits[2..];
        if (digits.Length == 0 || digits[0] == '_' || digits[^1] == '_' || digits.Contains("__", StringComparison.Ordinal) || radix is < 2 or > 36) return false;
        foreach (char character in digits)
        {
            if (character == '_') continue;
            int digit = char.IsAsciiDigit(character) ? character - '0' : char.IsAsciiLetterLower(character) ? character - 'a' + 10 : 99;
            if (digit >= radix || value > (long.MaxValue - digit) / radix) return false;
            value = value * radix + digit;
        }

        if (isNegative) value = -value;
        return true;
    }

    private static bool TryParseReal(string text, out double value)
    {
        string digits = text.Trim().ToLowerInvariant();
        string unsigned = digits.TrimStart('+', '-');
        value = unsigned switch { "inf" or "infinity" => digits[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity, "nan" => double.NaN, _ => 0 };
        if (value != 0 && digits.Length - unsigned.Length <= 1) return true;
        bool isPlain = digits.All(character => char.IsAsciiDigit(character) || character is '.' or 'e' or '+' or '-' or '_');
        return isPlain && double.TryParse(digits.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private static object Round(RenderContext context, object? value, Arguments arguments)
    {
        long precision = arguments.Integer(context, 0, 0);
        string method = arguments.Text(context, 1, "common").Value;
        if (value is Undefined missing) throw context.Fail(missing.Message);
        if (!Operators.TryNumber(value, out double number)) throw context.Fail($"type {ValueText.TypeName(value)} cannot be rounded");
        if (method == "common")
        {
            if (value is not double && precision >= 0) return Operators.ToInteger(value);
            double rounded = Decimals.RoundHalfToEven(number, (int)Math.Clamp(precision, -400, 400));
            return value is double ? rounded : (object)(long)rounded;
        }

        if (method is not ("ceil" or "floor")) throw context.Fail("method must be common, ceil or floor");
        double scale = Math.Pow(10, precision);
        return (method == "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale)) / scale;
    }
}
