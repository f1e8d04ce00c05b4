using System.Globalization;
using System.Text;

namespace Cria.Chat.Templates;

/// <summary>A method of a text.</summary>
internal delegate object? TextMethod(RenderContext context, TracedText text, Arguments arguments);

internal static partial class Members
{
    // Without parameter names, a method takes its arguments as they come.
    private static readonly Dictionary<string, (string[]? Parameters, TextMethod Body)> TextMethods = new(StringComparer.Ordinal)
    {
        ["upper"] = ([], (_, text, _) => CaseText.Upper(text)),
        ["lower"] = ([], (_, text, _) => CaseText.Lower(text)),
        ["casefold"] = ([], (_, text, _) => CaseText.Lower(text)),
        ["swapcase"] = ([], (_, text, _) => CaseText.Swap(text)),
        ["capitalize"] = ([], (_, text, _) => CaseText.Capitalize(text)),
        ["title"] = ([], (_, text, _) => CaseText.Title(text)),
        ["strip"] = (["chars"], (context, text, arguments) => text.Strip(arguments.OptionalText(context, 0)?.Value)),
        ["lstrip"] = (["chars"], (context, text, arguments) => text.Strip(arguments.OptionalText(context, 0)?.Value, right: false)),
        ["rstrip"] = (["chars"], (context, text, arguments) => text.Strip(arguments.OptionalText(context, 0)?.Value, left: false)),
        ["split"] = (["sep", "maxsplit"], (context, text, arguments) => TextSearch.Split(context, text, arguments.OptionalText(context, 0)?.Value, arguments.Integer(context, 1, -1))),
        ["rsplit"] = (["sep", "maxsplit"], (context, text, arguments) => TextSearch.SplitFromRight(context, text, arguments.OptionalText(context, 0)?.Value, arguments.Integer(context, 1, -1))),
        ["splitlines"] = (["keepends"], (context, text, arguments) => context.List(TextSearch.Lines(text, arguments.Flag(0, false)))),
        ["partition"] = (["sep"], (context, text, arguments) => Partition(context, text, arguments, fromRight: false)),
        ["rpartition"] = (["sep"], (context, text, arguments) => Partition(context, text, arguments, fromRight: true)),
        ["startswith"] = (["prefix", "start", "end"], (context, text, arguments) => HasEnd(context, text, arguments, (part, end) => part.StartsWith(end, StringComparison.Ordinal))),
        ["endswith"] = (["suffix", "start", "end"], (context, text, arguments) => HasEnd(context, text, arguments, (part, end) => part.EndsWith(end, StringComparison.Ordinal))),
        ["removeprefix"] = (["prefix"], (context, text, arguments) => arguments.Text(context, 0, "").Value is var prefix
            && text.Value.StartsWith(prefix, StringComparison.Ordinal) ? text.Slice(prefix.Length, text.Length - prefix.Length) : text),
        ["removesuffix"] = (["suffix"], (context, text, arguments) => arguments.Text(context, 0, "").Value is var suffix
            && text.Value.EndsWith(suffix, StringComparison.Ordinal) ? text.Slice(0, text.Length - suffix.Length) : text),
        ["replace"] = (["old", "new", "count"], (context, text, arguments) =>
            TextSearch.Replace(context, text, arguments.Text(context, 0, "").Value, arguments.Text(context, 1, ""), arguments.Integer(context, 2, -1))),
        ["find"] = (["sub", "start", "end"], (context, text, arguments) => Find(context, text, arguments, fromRight: false)),
        ["rfind"] = (["sub", "start", "end"], (context, text, arguments) => Find(context, text, arguments, fromRight: true)),
        ["index"] = (["sub", "start", "end"], (context, text, arguments) => Find(context, text, arguments, fromRight: false) is >= 0 and var at ? at : throw context.Fail("substring not found")),
        ["rindex"] = (["sub", "start", "end"], (context, text, arguments) => Find(context, text, arguments, fromRight: true) is >= 0 and var at ? at : throw context.Fail("substring not found")),
        ["count"] = (["sub"], (context, text, arguments) => TextSearch.Count(text, arguments.Text(context, 0, "").Value)),
        ["join"] = (["iterable"], (context, text, arguments) => Join(context, text, arguments.Required(context, 0, "iterable"))),
        ["format"] = (null, (context, text, arguments) => BraceFormat.Apply(context, text, arguments)),
        ["center"] = (["width", "fillchar"], (context, text, arguments) => Pad(context, text, arguments, center: true)),
        ["ljust"] = (["width", "fillchar"], (context, text, arguments) => Pad(context, text, arguments, left: false)),
        ["rjust"] = (["width", "fillchar"], (context, text, arguments) => Pad(context, text, arguments, left: true)),
        ["zfill"] = (["width"], ZeroFill),
        ["isdigit"] = ([], (_, text, _) => All(text, rune => Rune.IsDigit(rune))),
        ["isdecimal"] = ([], (_, text, _) => All(text, rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber)),
        ["isnumeric"] = ([], (_, text, _) => All(text, Rune.IsNumber)),
        ["isalpha"] = ([], (_, text, _) => All(text, Rune.IsLetter)),
        ["isalnum"] = ([], (_, text, _) => All(text, rune => Rune.IsLetter(rune) || Rune.IsNumber(rune))),
        ["isspace"] = ([], (_, text, _) => All(text, rune => rune.IsBmp && TracedText.IsSpace((char)rune.Value))),
        ["isascii"] = ([], (_, text, _) => text.Value.All(char.IsAscii)),
        ["isupper"] = ([], (_, text, _) => text.Value.Any(char.IsUpper) && !text.Value.Any(char.IsLower)),
        ["islower"] = ([], (_, text, _) => text.Value.Any(char.IsLower) && !text.Value.Any(char.IsUpper)),
    };

    private static bool All(TracedText text, Func<Rune, bool> test)
    {
        foreach (Rune rune in text.Value.EnumerateRunes())
        {
            if (!test(rune)) return false;
        }

        return text.Length > 0;
    }

    private static TracedText Join(RenderContext context, TracedText separator, object? items)
    {
        TracedTextBuilder joined = context.NewText();
        bool isFirst = true;
        foreach (object? item in Operators.Iterate(context, items))
        {
            context.Budget.Spend(1);
            if (!isFirst) joined.Append(separator);
            isFirst = false;
            joined.Append(item as TracedText ?? throw context.Fail($"sequence item: expected str instance, {ValueText.TypeName(item)} found"));
        }

        return joined.ToText();
    }

    private static bool HasEnd(RenderContext context, TracedText text, Arguments arguments, Func<string, string, bool> matches)
    {
        var part = (TracedText)Slice(context, text, arguments.OptionalInteger(context, 1), arguments.OptionalInteger(context, 2), null)!;
        object? wanted = arguments.Required(context, 0, "prefix");
        if (wanted is not TemplateList { IsTuple: true } several) return matches(part.Value, arguments.Text(context, 0, "").Value);
        context.Budget.Spend(several.Count);
        return several.Items.Any(item => item is TracedText end && matches(part.Value, end.Value));
    }

    private static long Find(RenderContext context, TracedText text, Arguments arguments, bool fromRight)
    {
        string wanted = arguments.Text(context, 0, "").Value;
        (long from, long to, _) = Bounds(text.CodePointCount, arguments.OptionalInteger(context, 1), arguments.OptionalInteger(context, 2), 1);
        if (to < from) return -1;
        int start = text.OffsetOf((int)from), end = text.OffsetOf((int)to);
        ReadOnlySpan<char> part = text.Value.AsSpan(start, end - start);
        int at = fromRight ? part.LastIndexOf(wanted, StringComparison.Ordinal) : part.IndexOf(wanted, StringComparison.Ordinal);
        return at < 0 ? -1 : text.Slice(0, start + at).CodePointCount;
    }

    private static TemplateList Partition(RenderContext context, TracedText text, Arguments arguments, bool fromRight)
    {
        string separator = arguments.Text(context, 0, "").Value;
        if (separator.Length == 0) throw context.Fail("empty separator");
        int at = fromRight ? text.Value.LastIndexOf(separator, StringComparison.Ordinal) : text.Value.IndexOf(separator, StringComparison.Ordinal);
        object?[] parts = at >= 0
            ? [text.Slice(0, at), text.Slice(at, separator.Length), text.Slice(at + separator.Length, text.Length - at - separator.Length)]
            : fromRight ? [TracedText.Empty, TracedText.Empty, text] : [text, TracedText.Empty, TracedText.Empty];
        context.Budget.SpendCharacters(text.Length);
        return new(parts, isTuple: true);
    }

    private static TracedText Pad(RenderContext context, TracedText text, Arguments arguments, bool left = false, bool center = false)
    {
        long missing = arguments.Integer(context, 0, 0) - text.CodePointCount;
        TracedText fill = arguments.Text(context, 1, " ");
        if (fill.CodePointCount != 1) throw context.Fail("the fill character must be exactly one character long");
        if (missing <= 0) return text;
        // Python puts the odd blank on the left of an even text and on the right of an odd one.
        long before = center ? missing / 2 + (missing & arguments.Integer(context, 0, 0) & 1) : left ? missing : 0;
        return context.NewText().Repeat(fill, before).Append(text).Repeat(fill, missing - before).ToText();
    }

    private static TracedText ZeroFill(RenderContext context, TracedText text, Arguments arguments)
    {
        long missing = arguments.Integer(context, 0, 0) - text.CodePointCount;
        if (missing <= 0) return text;
        int sign = text.Length > 0 && text.Value[0] is '-' or '+' ? 1 : 0;
        return context.NewText().Append(text, 0, sign).Repeat(TracedText.Trusted("0"), missing).Append(text, sign, text.Length - sign).ToText();
    }
}
