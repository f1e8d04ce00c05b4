using System.Globalization;

namespace Cria.Chat.Templates;

/// <summary>Values as text, the way Python prints them.</summary>
internal static class ValueText
{
    /// <summary>What a template prints for a value.</summary>
    public static TracedText Of(RenderContext context, object? value)
    {
        if (value is TracedText text) return text;
        TracedTextBuilder output = context.NewText();
        Append(context, output, value);
        return output.ToText();
    }

    /// <summary>Appends what a template prints for a value.</summary>
    public static void Append(RenderContext context, TracedTextBuilder output, object? value)
    {
        if (value is TracedText text) output.Append(text);
        else if (value is not Undefined) AppendRepresentation(context, output, value);
    }

    /// <summary>Appends a value as it stands in source: texts in quotes.</summary>
    public static void AppendRepresentation(RenderContext context, TracedTextBuilder output, object? value)
    {
        context.Budget.Spend(1);
        switch (value)
        {
            case null: output.Append("None"); break;
            case Undefined: output.Append("Undefined"); break;
            case bool flag: output.Append(flag ? "True" : "False"); break;
            case long number: output.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: output.Append(Real(number)); break;
            case TracedText text: AppendQuoted(output, text); break;
            case TemplateList list: AppendList(context, output, list); break;
            case TemplateMap map: AppendMap(context, output, map); break;
            case TemplateNamespace: output.Append("<Namespace>"); break;
            case LoopState loop: output.Append(string.Create(CultureInfo.InvariantCulture, $"<LoopContext {loop.Get("index")}/{loop.Get("length")}>")); break;
            case Callable callable: output.Append($"<function {callable.Name}>"); break;
        }
    }

    /// <summary>Python's name of a value's type.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        Undefined => "Undefined",
        bool => "bool",
        long => "int",
        double => "float",
        TracedText => "str",
        TemplateList list => list.IsTuple ? "tuple" : "list",
        TemplateMap => "dict",
        TemplateNamespace => "Namespace",
        LoopState => "LoopContext",
        _ => "function",
    };

    /// <summary>A floating-point number: the shortest digits that read back equal, with an exponent only outside 1e-4 … 1e16.</summary>
    public static string Real(double number)
    {
        if (double.IsNaN(number)) return "nan";
        if (double.IsInfinity(number)) return number > 0 ? "inf" : "-inf";
        (bool isNegative, string digits, int point) = Decompose(number.ToString("R", CultureInfo.InvariantCulture));
        string sign = isNegative ? "-" : "";
        int power = point - 1;
        if (number != 0 && power is < -4 or >= 16)
        {
            string mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{mantissa}e{(power < 0 ? '-' : '+')}{Math.Abs(power):00}");
        }

        if (point <= 0) return $"{sign}0.{new string('0', -point)}{digits}";
        if (point >= digits.Length) return $"{sign}{digits}{new string('0', point - digits.Length)}.0";
        return $"{sign}{digits[..point]}.{digits[point..]}";
    }

    // The significant digits and the position of the decimal point relative to their start.
    private static (bool IsNegative, string Digits, int Point) Decompose(string number)
    {
        bool isNegative = number[0] == '-';
        if (isNegative) number = number[1..];
        int e = number.IndexOf('E', StringComparison.Ordinal);
        int exponent = e < 0 ? 0 : int.Parse(number.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = e < 0 ? number : number[..e];
        int dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        int point = (dot < 0 ? mantissa.Length : dot) + exponent;
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        string trimmed = digits.TrimStart('0');
        if (trimmed.Length == 0) return (isNegative, "0", 1);
        point -= digits.Length - trimmed.Length;
        return (isNegative, trimmed.TrimEnd('0'), point);
    }

    private static void AppendList(RenderContext context, TracedTextBuilder output, TemplateList list)
    {
        context.Budget.Enter();
        output.Append(list.IsTuple ? '(' : '[');
        for (int i = 0; i < list.Count; i++)
        {
            if (i > 0) output.Append(", ");
            AppendRepresentation(context, output, list.Items[i]);
        }

        if (list is { IsTuple: true, Count: 1 }) output.Append(',');
        output.Append(list.IsTuple ? ')' : ']');
        context.Budget.Leave();
    }

    private static void AppendMap(RenderContext context, TracedTextBuilder output, TemplateMap map)
    {
        context.Budget.Enter();
        output.Append('{');
        bool isFirst = true;
        foreach ((object? key, object? value) in map.Entries)
        {
            if (!isFirst) output.Append(", ");
            isFirst = false;
            AppendRepresentation(context, output, key);
            output.Append(": ");
            AppendRepresentation(context, output, value);
        }

        output.Append('}');
        context.Budget.Leave();
    }

    private static void AppendQuoted(TracedTextBuilder output, TracedText text)
    {
        char quote = text.Value.Contains('\'', StringComparison.Ordinal) && !text.Value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        output.Append(quote);
        for (int i = 0; i < text.Length;)
        {
            int units = text.UnitsAt(i);
            string? escape = Escape(text.Value, i, quote);
            if (escape is null) output.Append(text, i, units);
            else output.Append(escape, text.IsTrustedAt(i));
            i += units;
        }

        output.Append(quote);
    }

    private static string? Escape(string text, int at, char quote)
    {
        char character = text[at];
        if (character == quote || character == '\\') return $"\\{character}";
        switch (character)
        {
            case '\n': return "\\n";
            case '\r': return "\\r";
            case '\t': return "\\t";
            case >= ' ' and < '\x7f': return null;
        }

        int code = char.IsSurrogatePair(text, at) ? char.ConvertToUtf32(text, at) : character;
        UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(code);
        bool isPrintable = category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
        if (isPrintable) return null;
        return code < 0x100 ? $"\\x{code:x2}" : code < 0x10000 ? $"\\u{code:x4}" : $"\\U{code:x8}";
    }
}
