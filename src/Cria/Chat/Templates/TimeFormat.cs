using System.Globalization;
using System.Text;

namespace Cria.Chat.Templates;

/// <summary>C's <c>strftime</c> in the C locale, as <c>strftime_now</c> gives it.</summary>
internal static class TimeFormat
{
    /// <summary>The time in a format of percent codes.</summary>
    public static TracedText Format(RenderContext context, string format, DateTimeOffset time)
    {
        context.Budget.SpendCharacters(16L * format.Length);
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            char code = format[++i];
            char flag = '\0';
            if (code is '-' or '_' or '0' or '^' && i + 1 < format.Length)
            {
                flag = code;
                code = format[++i];
            }

            string? field = Field(code, time);
            if (field is null) text.Append('%').Append(code);
            else text.Append(Flagged(field, flag));
        }

        return TracedText.Trusted(text.ToString());
    }

    private static string Flagged(string field, char flag) => flag switch
    {
        '-' => field.TrimStart('0', ' ') is { Length: > 0 } bare ? bare : "0",
        '_' => field.Length > 1 && field[0] == '0' ? " " + field[1..] : field,
        '0' => field.Replace(' ', '0'),
        '^' => field.ToUpperInvariant(),
        _ => field,
    };

    private static string? Field(char code, DateTimeOffset time) => code switch
    {
        'a' => Text(time, "ddd"),
        'A' => Text(time, "dddd"),
        'b' or 'h' => Text(time, "MMM"),
        'B' => Text(time, "MMMM"),
        'c' => $"{Text(time, "ddd MMM")} {time.Day,2} {Text(time, "HH:mm:ss yyyy")}",
        'C' => Number(time.Year / 100, 2),
        'd' => Text(time, "dd"),
        'D' or 'x' => Text(time, "MM/dd/yy"),
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'f' => Text(time, "ffffff"),
        'F' => Text(time, "yyyy-MM-dd"),
        'g' => Number(ISOWeek.GetYear(time.DateTime) % 100, 2),
        'G' => Number(ISOWeek.GetYear(time.DateTime), 4),
        'H' => Text(time, "HH"),
        'I' => Text(time, "hh"),
        'j' => Number(time.DayOfYear, 3),
        'k' => time.Hour.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'l' => ((time.Hour + 11) % 12 + 1).ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'm' => Text(time, "MM"),
        'M' => Text(time, "mm"),
        'n' => "\n",
        'p' => time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'r' => Text(time, "hh:mm:ss ") + (time.Hour < 12 ? "AM" : "PM"),
        'R' => Text(time, "HH:mm"),
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'S' => Text(time, "ss"),
        't' => "\t",
        'T' or 'X' => Text(time, "HH:mm:ss"),
        'u' => Number(time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek, 1),
        'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2),
        'V' => Number(ISOWeek.GetWeekOfYear(time.DateTime), 2),
        'w' => Number((int)time.DayOfWeek, 1),
        'W' => Number((time.DayOfYear + 6 - ((int)time.DayOfWeek + 6) % 7) / 7, 2),
        'y' => Text(time, "yy"),
        'Y' => Number(time.Year, 4),
        // strftime_now works with a time that knows no zone.
        'z' or 'Z' => "",
        '%' => "%",
        _ => null,
    };

    private static string Text(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture);

    private static string Number(int value, int digits) => value.ToString("D" + digits, CultureInfo.InvariantCulture);
}
