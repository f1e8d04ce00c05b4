using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Cria.Tokenization;

/// <summary>
/// Cuts text into the pieces inside which Llama 3 merges bytes. The pieces are the matches, one after the other, of
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
/// (Meta's <c>tokenizer.py</c>), found without a regular expression in one pass over UTF-8.
/// </summary>
internal static class Llama3Splitter
{
    /// <summary>The pattern, as files that carry it spell it.</summary>
    public const string Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const byte Other = 0;
    private const byte Letter = 1;
    private const byte Number = 2;
    private const byte Space = 3;
    private const byte NewLine = 4;

    private static ReadOnlySpan<byte> AsciiKinds =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 3, 3, 4, 0, 0, // tab, line feed, vertical tab, form feed, carriage return
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0,
        0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
        0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    ];

    /// <summary>Where the piece that begins at <paramref name="start"/> ends. The text is valid UTF-8 and does not end at <paramref name="start"/>.</summary>
    public static int End(ReadOnlySpan<byte> text, int start)
    {
        byte kind = Kind(text, start, out int length);
        int next = start + length;
        switch (kind)
        {
            case Letter:
                return SkipLetters(text, next);
            case Number:
                return SkipNumbers(text, next);
            case Other:
                if (text[start] == '\'' && Contraction(text, next) is int contraction and > 0)
                    return next + contraction;
                if (next < text.Length && Kind(text, next, out length) == Letter)
                    return SkipLetters(text, next + length);
                return SkipOthers(text, next);
            case Space when next < text.Length:
                byte following = Kind(text, next, out length);
                if (following == Letter)
                    return SkipLetters(text, next + length);
                if (following == Other && text[start] == ' ')
                    return SkipOthers(text, next + length);
                break;
        }
        return SkipSpaces(text, start);
    }

    /// <summary>The length of what follows an apostrophe in a contraction; 0 when it is none.</summary>
    private static int Contraction(ReadOnlySpan<byte> text, int at)
    {
        if (at >= text.Length)
            return 0;
        int second = at + 1 < text.Length ? text[at + 1] | 0x20 : 0;
        switch (text[at] | 0x20)
        {
            case 's' or 't' or 'm' or 'd' when text[at] < 0x80:
                return 1;
            case 'r' or 'v' when second == 'e':
            case 'l' when second == 'l':
                return 2;
        }
        // The long s (U+017F) is an s to a pattern that ignores case.
        return text[at] == 0xC5 && at + 1 < text.Length && text[at + 1] == 0xBF ? 2 : 0;
    }

    private static int SkipLetters(ReadOnlySpan<byte> text, int at)
    {
        ReadOnlySpan<byte> kinds = AsciiKinds;
        while (at < text.Length)
        {
            byte value = text[at];
            if (value < 0x80)
            {
                if (kinds[value] != Letter)
                    break;
                at++;
            }
            else
            {
                if (KindBeyondAscii(text, at, out int length) != Letter)
                    break;
                at += length;
            }
        }
        return at;
    }

    private static int SkipNumbers(ReadOnlySpan<byte> text, int at)
    {
        for (int count = 1; count < 3 && at < text.Length && Kind(text, at, out int length) == Number; count++)
            at += length;
        return at;
    }

    private static int SkipOthers(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && Kind(text, at, out int length) == Other)
            at += length;
        while (at < text.Length && text[at] is (byte)'\r' or (byte)'\n')
            at++;
        return at;
    }

    /// <summary>A run of white space: through its last line end; without one, all but the last space, which belongs to the word behind it.</summary>
    private static int SkipSpaces(ReadOnlySpan<byte> text, int start)
    {
        int at = start;
        int afterNewLine = -1;
        int last = start;
        while (at < text.Length)
        {
            byte kind = Kind(text, at, out int length);
            if (kind < Space)
                break;
            last = at;
            at += length;
            if (kind == NewLine)
                afterNewLine = at;
        }
        if (afterNewLine >= 0)
            return afterNewLine;
        return at == text.Length || last == start ? at : last;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Kind(ReadOnlySpan<byte> text, int at, out int length)
    {
        byte value = text[at];
        if (value < 0x80)
        {
            length = 1;
            return AsciiKinds[value];
        }
        return KindBeyondAscii(text, at, out length);
    }

    private static byte KindBeyondAscii(ReadOnlySpan<byte> text, int at, out int length)
    {
        OperationStatus status = Rune.DecodeFromUtf8(text[at..], out Rune rune, out length);
        if (status != OperationStatus.Done)
            return Other;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
            UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => Space,
            _ => rune.Value == 0x85 ? Space : Other,
        };
    }
}
