using System.Globalization;
using System.Text;
using Cria.Tensors;

namespace Cria.Generation.Grammar;

/// <summary>
/// Reads regular expressions in the common part of ECMAScript's and .NET's syntax into expressions of characters. What cannot be decided
/// by a finite automaton (references back, looking around, word boundaries) is refused by name.
/// </summary>
internal sealed class RegexParser
{
    private const int MostRepetitions = 1 << 14;
    private const int DeepestNesting = 250;

    private static readonly CharacterSet Digit = CharacterSet.Of(('0', '9'));
    private static readonly CharacterSet Word = CharacterSet.Of(('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_'));

    // Engines differ on white space beyond ASCII, so neither "\s" nor "\S" is ever answered with it.
    private static readonly CharacterSet Space = CharacterSet.Of((9, 13), (' ', ' '));
    private static readonly CharacterSet NoSpace = CharacterSet.Of((9, 13), (' ', ' '), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)).Complement();
    private static readonly CharacterSet NotLineEnd = CharacterSet.Of(('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)).Complement();

    private static readonly Expression AnyText = new Expression.Repeat(new Expression.Character(CharacterSet.All), 0, null);

    private readonly string pattern;
    private readonly int[] runes;
    private int at;
    private int depth;

    private RegexParser(string pattern)
    {
        this.pattern = pattern;
        runes = [.. pattern.EnumerateRunes().Select(rune => rune.Value)];
    }

    private bool AtEnd => at == runes.Length;

    /// <summary>Texts that the pattern matches as a whole; <c>^</c> and <c>$</c> at its ends change nothing.</summary>
    /// <exception cref="CriaException">The pattern is malformed or uses what is not supported.</exception>
    public static Expression Whole(string pattern) => new RegexParser(pattern).ReadAll(search: false);

    /// <summary>Texts that contain a match, as JSON Schema's <c>pattern</c> means it; <c>^</c> and <c>$</c> tie the match to the ends.</summary>
    /// <exception cref="CriaException">The pattern is malformed or uses what is not supported.</exception>
    public static Expression Within(string pattern) => new RegexParser(pattern).ReadAll(search: true);

    private Expression ReadAll(bool search)
    {
        Expression whole = ReadChoice(top: true, search);
        if (!AtEnd)
            throw Wrong("a ')' has no '(' before it");
        return whole;
    }

    private Expression ReadChoice(bool top, bool search)
    {
        List<Expression> alternatives = [ReadSequence(top, search)];
        while (!AtEnd && runes[at] == '|')
        {
            at++;
            alternatives.Add(ReadSequence(top, search));
        }
        return alternatives.Count == 1 ? alternatives[0] : new Expression.Choice(alternatives);
    }

    private Expression.Sequence ReadSequence(bool top, bool search)
    {
        List<Expression> items = [];
        bool begins = Take('^', top, "'^' inside the pattern");
        bool ends = false;
        while (!AtEnd && runes[at] is not ('|' or ')'))
        {
            if (runes[at] == '$')
            {
                ends = Take('$', top, "'$' inside the pattern");
                if (!AtEnd && runes[at] is not ('|' or ')'))
                    throw Unsupported("'$' inside the pattern");
                break;
            }
            items.Add(ReadRepeated());
        }
        if (search && !begins)
            items.Insert(0, AnyText);
        if (search && !ends)
            items.Add(AnyText);
        return new Expression.Sequence(items);
    }

    private bool Take(int sign, bool allowed, string what)
    {
        if (AtEnd || runes[at] != sign)
            return false;
        if (!allowed)
            throw Unsupported(what);
        at++;
        return true;
    }

    private Expression ReadRepeated()
    {
        Expression item = ReadAtom();
        while (!AtEnd)
        {
            int least, most;
            switch (runes[at])
            {
                case '*': (least, most) = (0, -1); at++; break;
                case '+': (least, most) = (1, -1); at++; break;
                case '?': (least, most) = (0, 1); at++; break;
                case '{' when TryReadCounts(out least, out most): break;
                default: return item;
            }
            // A lazy quantifier accepts the same texts.
            if (!AtEnd && runes[at] == '?')
                at++;
            else if (!AtEnd && runes[at] == '+')
                throw Unsupported("the possessive quantifier '+'");
            item = new Expression.Repeat(item, least, most < 0 ? null : most);
        }
        return item;
    }

    private bool TryReadCounts(out int least, out int most)
    {
        int start = at++;
        bool hasLeast = TryReadNumber(out least);
        most = least;
        if (hasLeast && !AtEnd && runes[at] == ',')
        {
            at++;
            if (!TryReadNumber(out most))
                most = -1;
        }
        if (!hasLeast || AtEnd || runes[at] != '}')
        {
            // Braces that hold no counts are ordinary characters.
            at = start;
            return false;
        }
        at++;
        if (most >= 0 && most < least)
            throw Wrong(string.Create(CultureInfo.InvariantCulture, $"the counts {{{least},{most}}} are the wrong way round"));
        return true;
    }

    private bool TryReadNumber(out int number)
    {
        number = 0;
        int start = at;
        while (!AtEnd && runes[at] is >= '0' and <= '9')
        {
            number = Math.Min(MostRepetitions + 1, number * 10 + runes[at++] - '0');
            if (number > MostRepetitions)
                throw Unsupported(string.Create(CultureInfo.InvariantCulture, $"a repetition of more than {MostRepetitions}"));
        }
        return at > start;
    }

    private Expression ReadAtom()
    {
        int sign = runes[at++];
        switch (sign)
        {
            case '(':
                return ReadGroup();
            case '[':
                return new Expression.Character(ReadClass());
            case '.':
                return new Expression.Character(NotLineEnd);
            case '\\':
                return new Expression.Character(ReadEscape(inClass: false, out _));
            case '*' or '+' or '?':
                throw Wrong($"there is nothing before '{(char)sign}' to repeat");
            case '^':
                throw Unsupported("'^' inside the pattern");
            default:
                return new Expression.Character(CharacterSet.Of(sign));
        }
    }

    private Expression ReadGroup()
    {
        if (++depth > DeepestNesting)
            throw Unsupported("such deep nesting");
        if (!AtEnd && runes[at] == '?')
        {
            string kind = string.Concat(runes.Skip(at).Take(3).Select(value => new Rune(value).ToString()));
            if (kind.StartsWith("?:", StringComparison.Ordinal))
                at += 2;
            else if (kind.StartsWith("?<", StringComparison.Ordinal) && kind is not ("?<=" or "?<!"))
                at = Array.IndexOf(runes, '>', at) is int end and > 0 ? end + 1 : throw Wrong("the name of a group has no end");
            else
                throw Unsupported($"'({kind}'");
        }
        Expression inside = ReadChoice(top: false, search: false);
        if (AtEnd)
            throw Wrong("a '(' is never closed");
        at++;
        depth--;
        return inside;
    }

    private CharacterSet ReadClass()
    {
        bool negated = !AtEnd && runes[at] == '^';
        if (negated)
            at++;
        CharacterSet members = CharacterSet.Empty;
        bool first = true;
        while (true)
        {
            if (AtEnd)
                throw Wrong("a '[' is never closed");
            if (runes[at] == ']' && !first)
                break;
            // ECMAScript closes an empty class at once; .NET reads the bracket as a member.
            if (runes[at] == ']')
                throw Unsupported("an empty class '[]'");
            first = false;
            CharacterSet from = ReadMember(out int low);
            if (at + 1 < runes.Length && runes[at] == '-' && runes[at + 1] != ']')
            {
                at++;
                ReadMember(out int high);
                if (low < 0 || high < low)
                    throw Wrong("a range in '[…]' has no order");
                from = CharacterSet.Of((low, high));
            }
            members = members.Union(from);
        }
        at++;
        return negated ? members.Complement() : members;
    }

    private CharacterSet ReadMember(out int single)
    {
        if (AtEnd)
            throw Wrong("a '[' is never closed");
        if (runes[at] == '\\')
        {
            at++;
            return ReadEscape(inClass: true, out single);
        }
        single = runes[at++];
        return CharacterSet.Of(single);
    }

    /// <summary>What stands after a backslash; <paramref name="single"/> is the character when it is one, else -1.</summary>
    private CharacterSet ReadEscape(bool inClass, out int single)
    {
        if (AtEnd)
            throw Wrong("it ends in a backslash");
        single = -1;
        int sign = runes[at++];
        switch (sign)
        {
            case 'd': return Digit;
            case 'D': return Digit.Complement();
            case 'w': return Word;
            case 'W': return Word.Complement();
            case 's': return Space;
            case 'S': return NoSpace;
            case 'p' or 'P': return ReadCategory(sign == 'P');
            case 't': single = '\t'; break;
            case 'n': single = '\n'; break;
            case 'r': single = '\r'; break;
            case 'f': single = '\f'; break;
            case 'v': single = '\v'; break;
            case 'b' when inClass: single = '\b'; break;
            case '0' when AtEnd || runes[at] is not (>= '0' and <= '9'): single = 0; break;
            case 'x': single = ReadHex(2); break;
            case 'u' when !AtEnd && runes[at] == '{':
                int end = Array.IndexOf(runes, '}', at);
                if (end < 0 || end - at is < 2 or > 7)
                    throw Wrong("'\\u{…}' needs one to six hexadecimal digits");
                at++;
                single = ReadHex(end - at);
                at++;
                break;
            case 'u': single = ReadHex(4); break;
            default:
                if (sign is (>= '0' and <= '9') or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z'))
                    throw Unsupported($"'\\{(char)sign}'");
                single = sign;
                break;
        }
        if (!Rune.IsValid(single))
            throw Unsupported("half a surrogate pair");
        return CharacterSet.Of(single);
    }

    private CharacterSet ReadCategory(bool negated)
    {
        int end = AtEnd || runes[at] != '{' ? -1 : Array.IndexOf(runes, '}', at);
        string name = end < 0 ? "" : string.Concat(runes[(at + 1)..end].Select(value => new Rune(value).ToString()));
        CharacterSet members = CharacterSet.Category(name) ?? throw Unsupported($"'\\p{{{name}}}'");
        at = end + 1;
        return negated ? members.Complement() : members;
    }

    private int ReadHex(int digits)
    {
        int value = 0;
        for (int i = 0; i < digits; i++)
        {
            if (AtEnd || runes[at] > 'f' || !Uri.IsHexDigit((char)runes[at]))
                throw Wrong("an escape lacks hexadecimal digits");
            value = value * 16 + Convert.ToInt32(((char)runes[at++]).ToString(), 16);
        }
        return value;
    }

    private CriaException Wrong(string what) => new($"the pattern '{Shown()}' is malformed: {what}");

    private CriaException Unsupported(string what) => new($"the pattern '{Shown()}' uses {what}, which constrained generation does not support; write it without");

    private string Shown() => (pattern.Length > 80 ? pattern[..80] + "…" : pattern).ReplaceLineEndings(" ");
}
