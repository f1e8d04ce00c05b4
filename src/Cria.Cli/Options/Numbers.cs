using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Cria.Cli.Options;

/// <summary>Options that take a number in a range and say so in plain words when they get something else.</summary>
internal static class Numbers
{
    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>; null when not given.</summary>
    public static Option<long?> Integer(string name, string[] aliases, string placeholder, string description, long least, long most = long.MaxValue) => new(name, aliases)
    {
        HelpName = placeholder,
        Description = description,
        CustomParser = result => Parse(result, text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= least && value <= most ? value : (long?)null,
            most > int.MaxValue ? FormattableString.Invariant($"a whole number of {least} or more") : FormattableString.Invariant($"a whole number from {least} to {most}")),
    };

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>; null when not given.</summary>
    public static Option<double?> Real(string name, string placeholder, string description, double least, double most = double.MaxValue) => new(name)
    {
        HelpName = placeholder,
        Description = description,
        CustomParser = result => Parse(result, text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most ? value : (double?)null,
            most == double.MaxValue ? FormattableString.Invariant($"a number of {least} or more") : FormattableString.Invariant($"a number from {least} to {most}")),
    };

    /// <summary>A whole number of 64 bits without sign; null when not given.</summary>
    public static Option<ulong?> Unsigned(string name, string placeholder, string description) => new(name)
    {
        HelpName = placeholder,
        Description = description,
        CustomParser = result => Parse(result, text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : (ulong?)null, "a whole number of 0 or more"),
    };

    /// <summary>A number of bytes such as 5G or 500M, with letters for thousands; null when not given.</summary>
    public static Option<long?> Bytes(string name, string[] aliases, string description) => new(name, aliases)
    {
        HelpName = "SIZE",
        Description = description,
        CustomParser = result => Parse(result, ReadBytes, "a number of bytes such as 5G or 500M"),
    };

    /// <summary>Whole numbers of <paramref name="least"/> or more, separated by commas.</summary>
    public static Option<IReadOnlyList<int>> List(string name, string[] aliases, string placeholder, string description, IReadOnlyList<int> fallback, int least) => new(name, aliases)
    {
        HelpName = placeholder,
        Description = description,
        DefaultValueFactory = _ => fallback,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            var values = new List<int>();
            foreach (string part in text.Split(','))
            {
                if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least) values.Add(value);
                else result.AddError($"{name} wants whole numbers of {least} or more with commas between, not '{text}'");
            }
            return values;
        },
    };

    /// <summary>One of a few words.</summary>
    public static Option<T?> Choice<T>(string name, string description, params (string Word, T Value)[] choices) where T : struct => new(name)
    {
        HelpName = string.Join('|', choices.Select(choice => choice.Word)),
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            foreach ((string word, T value) in choices)
            {
                if (word.Equals(text, StringComparison.OrdinalIgnoreCase)) return value;
            }
            result.AddError($"{name} wants {string.Join(", ", choices.SkipLast(1).Select(choice => choice.Word))} or {choices[^1].Word}, not '{text}'");
            return null;
        },
    };

    private static long? ReadBytes(string text)
    {
        long unit = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 1_000, 'M' => 1_000_000, 'G' => 1_000_000_000, 'T' => 1_000_000_000_000, _ => 1 };
        bool isNumber = double.TryParse(unit > 1 ? text.AsSpan(0, text.Length - 1) : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        return isNumber && number * unit is >= 1 and < long.MaxValue ? (long)(number * unit) : null;
    }

    private static T? Parse<T>(ArgumentResult result, Func<string, T?> read, string wanted) where T : struct
    {
        string text = result.Tokens[0].Value;
        T? value = read(text);
        if (value is null) result.AddError($"{((OptionResult)result.Parent!).Option.Name} wants {wanted}, not '{text}'");
        return value;
    }
}
