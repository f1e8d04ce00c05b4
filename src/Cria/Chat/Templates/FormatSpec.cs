using System.Globalization;

namespace Cria.Chat.Templates;

/// <summary>How one value is formatted: fill, alignment, sign, width, precision and kind, as Python's formats name them.</summary>
internal sealed class FormatSpec
{
    /// <summary>The greatest width and precision a template may ask for.</summary>
    public const int MaximumWidth = 1000;

    /// <summary>The character that fills up to the width.</summary>
    public TracedText Fill { get; set; } = TracedText.Trusted(" ");

    /// <summary>&lt; left, &gt; right, ^ centred, = after the sign; NUL for the value's own.</summary>
    public char Align { get; set; }

    /// <summary>+ or blank before positive numbers, - or NUL for neither.</summary>
    public char Sign { get; set; }

    /// <summary>Whether hexadecimal and the like carry a prefix.</summary>
    public bool Alternate { get; set; }

    /// <summary>Whether numbers are filled with zeros after the sign.</summary>
    public bool ZeroFill { get; set; }

    /// <summary>The least width in code points.</summary>
    public int Width { get; set; }

    /// <summary>Separator of thousands, or NUL.</summary>
    public char Grouping { get; set; }

    /// <summary>Decimals, significant digits or, for texts, the greatest length.</summary>
    public int? Precision { get; set; }

    /// <summary>The kind of value: s d f e g x X o b % c, or NUL for the value's own.</summary>
    public char Kind { get; set; }

    /// <summary>Appends a text in its width.</summary>
    public void AppendText(TracedTextBuilder output, TracedText text)
    {
        if (Precision is { } most && text.CodePointCount > most) text = text.Slice(0, text.OffsetOf(most));
        AppendPadded(output, TracedText.Empty, text, '<');
    }

    /// <summary>Appends an integer.</summary>
    public void AppendNumber(RenderContext context, TracedTextBuilder output, long number)
    {
        string digits;
        ulong magnitude = number < 0 ? (ulong)-(number + 1) + 1 : (ulong)number;
        string prefix = "";
        switch (Kind)
        {
            case 'x' or 'X':
                digits = magnitude.ToString(Kind == 'x' ? "x" : "X", CultureInfo.InvariantCulture);
                prefix = "0" + Kind;
                break;
            case 'o':
                digits = Convert.ToString((long)magnitude, 8);
                prefix = "0o";
                break;
            case 'b':
                digits = Convert.ToString((long)magnitude, 2);
                prefix = "0b";
                break;
            case '\0' or 'd' or 'n':
                digits = magnitude.ToString(CultureInfo.InvariantCulture);
                if (Precision is { } least) digits = digits.PadLeft(least, '0');
                break;
            default:
                AppendNumber(context, output, (double)number);
                return;
        }

        AppendSigned(output, number < 0, Alternate ? prefix : "", digits);
    }

    /// <summary>Appends a floating-point number.</summary>
    public void AppendNumber(RenderContext context, TracedTextBuilder output, double number)
    {
        double magnitude = Math.Abs(number);
        int decimals = Precision ?? 6;
        string digits = !double.IsFinite(number) ? ValueText.Real(magnitude) : Kind switch
        {
            'f' or 'F' => Decimals.Fixed(magnitude, decimals),
            '%' => Decimals.Fixed(magnitude * 100, decimals) + "%",
            'e' or 'E' => Exponent(magnitude, decimals),
            'g' or 'G' or 'n' => General(magnitude, decimals),
            '\0' => Precision is { } significant ? General(magnitude, significant) : ValueText.Real(magnitude),
            _ => throw context.Fail($"unknown format code '{Kind}' for a number with decimals"),
        };
        AppendSigned(output, double.IsNegative(number), "", Kind is 'E' or 'G' ? digits.ToUpperInvariant() : digits);
    }

    private static string Exponent(double number, int decimals)
    {
        string text = number.ToString("e" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        int e = text.IndexOf('e', StringComparison.Ordinal);
        string power = text[(e + 2)..].TrimStart('0').PadLeft(2, '0');
        return text[..(e + 2)] + power;
    }

    private static string General(double number, int significant)
    {
        significant = Math.Max(significant, 1);
        string scientific = Exponent(number, significant - 1);
        int e = scientific.IndexOf('e', StringComparison.Ordinal);
        int power = int.Parse(scientific.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return power >= -4 && power < significant
            ? WithoutZeros(Decimals.Fixed(number, significant - 1 - power))
            : WithoutZeros(scientific[..e]) + scientific[e..];
    }

    private static string WithoutZeros(string digits) => digits.Contains('.', StringComparison.Ordinal) ? digits.TrimEnd('0').TrimEnd('.') : digits;

    private void AppendSigned(TracedTextBuilder output, bool isNegative, string prefix, string digits)
    {
        string sign = isNegative ? "-" : Sign is '+' or ' ' ? Sign.ToString() : "";
        if (Grouping != '\0') digits = Grouped(digits);
        AppendPadded(output, TracedText.Trusted(sign + prefix), TracedText.Trusted(digits), '>');
    }

    private string Grouped(string digits)
    {
        int end = digits.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (end < 0) end = digits.Length;
        var text = new System.Text.StringBuilder(digits);
        for (int i = end - 3; i > 0; i -= 3) text.Insert(i, Grouping);
        return text.ToString();
    }

    private void AppendPadded(TracedTextBuilder output, TracedText sign, TracedText text, char ownAlign)
    {
        int missing = Math.Max(0, Width - sign.CodePointCount - text.CodePointCount);
        bool isZeroFilled = ZeroFill && Align != '<';
        char align = isZeroFilled ? '=' : Align == '\0' ? ownAlign : Align;
        TracedText fill = isZeroFilled ? TracedText.Trusted("0") : Fill;
        int before = align switch { '>' => missing, '^' => missing / 2, _ => 0 };
        int inside = align == '=' ? missing : 0;
        output.Repeat(fill, before).Append(sign).Repeat(fill, inside).Append(text).Repeat(fill, missing - before - inside);
    }
}
