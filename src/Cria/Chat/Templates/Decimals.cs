using System.Globalization;

namespace Cria.Chat.Templates;

/// <summary>Decimal digits of binary numbers, exactly.</summary>
internal static class Decimals
{
    /// <summary>Rounds to a number of decimals; only an exact tie goes to the even digit.</summary>
    public static double RoundHalfToEven(double number, int decimals)
    {
        if (!double.IsFinite(number) || decimals > 323) return number;
        if (decimals < 0)
        {
            double unit = Math.Pow(10, -decimals);
            return double.IsInfinity(unit) ? 0 : Math.Round(number / unit, MidpointRounding.ToEven) * unit;
        }

        return double.Parse(Fixed(number, decimals), CultureInfo.InvariantCulture);
    }

    /// <summary>The number with a fixed count of decimals, ties to even as in Python.</summary>
    public static string Fixed(double number, int decimals)
    {
        // A double has at most 1074 decimals, so this holds every digit and the cut below is exact.
        string digits = Math.Abs(number).ToString("F1100", CultureInfo.InvariantCulture);
        int cut = digits.Length - 1100 + decimals;
        char[] kept = ("0" + digits[..cut]).ToCharArray();
        ReadOnlySpan<char> rest = digits.AsSpan(cut);
        bool isAbove = rest[0] > '5' || (rest[0] == '5' && rest[1..].ContainsAnyExcept('0'));
        char last = kept[^1] == '.' ? kept[^2] : kept[^1];
        if (isAbove || (rest[0] == '5' && (last - '0') % 2 == 1))
        {
            int at = kept.Length - 1;
            for (; kept[at] is '9' or '.'; at--)
            {
                if (kept[at] == '9') kept[at] = '0';
            }

            kept[at]++;
        }

        string text = new string(kept).TrimEnd('.');
        if (text.Length > 1 && text[0] == '0' && char.IsAsciiDigit(text[1])) text = text[1..];
        return double.IsNegative(number) ? "-" + text : text;
    }
}
