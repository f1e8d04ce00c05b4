using System.Globalization;

namespace Cria.Chat.Templates;

/// <summary>
/// Cuts template source into tokens as Jinja does with <c>trim_blocks</c> and <c>lstrip_blocks</c> on, which is how chat templates are written:
/// the line break after a statement or comment goes, and so does the indentation before one.
/// </summary>
internal sealed partial class Lexer
{
    private const int MaximumSourceLength = 4 << 20;

    private readonly string source;
    private readonly List<Token> tokens = [];
    private int position;
    private int lineCountedTo;
    private int line = 1;

    private Lexer(string source) => this.source = source;

    /// <summary>All tokens of a template, an <see cref="TokenKind.End"/> last.</summary>
    public static List<Token> Read(string source)
    {
        if (source.Length > MaximumSourceLength) throw new TemplateException(1, "the template is larger than 4 MiB; use another template");
        string text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (text.EndsWith('\n')) text = text[..^1];
        var lexer = new Lexer(text);
        lexer.ReadAll();
        return lexer.tokens;
    }

    private void ReadAll()
    {
        while (position < source.Length)
        {
            int tag = NextTag(position);
            if (tag < 0)
            {
                AddData(position, source.Length);
                break;
            }

            char kind = source[tag + 1];
            char sign = tag + 2 < source.Length && source[tag + 2] is '-' or '+' ? source[tag + 2] : '\0';
            AddData(position, EndOfDataBefore(tag, kind, sign));
            int bodyStart = tag + (sign == '\0' ? 2 : 3);
            switch (kind)
            {
                case '#':
                    SkipComment(tag, bodyStart);
                    break;
                case '%' when RawBodyStart(bodyStart) is { } rawStart:
                    ReadRaw(tag, rawStart);
                    break;
                default:
                    Add(kind == '%' ? TokenKind.BlockBegin : TokenKind.VariableBegin, "{" + kind, tag);
                    position = bodyStart;
                    ReadTag(kind == '%');
                    break;
            }
        }

        Add(TokenKind.End, "", source.Length);
    }

    private int NextTag(int from)
    {
        for (int brace = source.IndexOf('{', from); brace >= 0 && brace + 1 < source.Length; brace = source.IndexOf('{', brace + 1))
        {
            if (source[brace + 1] is '%' or '{' or '#') return brace;
        }

        return -1;
    }

    private int EndOfDataBefore(int tag, char kind, char sign)
    {
        int end = tag;
        if (sign == '-')
        {
            while (end > position && TracedText.IsSpace(source[end - 1])) end--;
        }
        else if (sign != '+' && kind != '{')
        {
            int lineStart = end;
            while (lineStart > position && source[lineStart - 1] != '\n' && TracedText.IsSpace(source[lineStart - 1])) lineStart--;
            if (lineStart == 0 || source[lineStart - 1] == '\n') end = lineStart;
        }

        return end;
    }

    private void SkipComment(int tag, int bodyStart)
    {
        int close = source.IndexOf("#}", bodyStart, StringComparison.Ordinal);
        if (close < 0) throw new TemplateException(LineAt(tag), "this comment is never closed with '#}'");
        char sign = close > bodyStart ? source[close - 1] : '\0';
        position = AfterTag(close + 2, sign, trimLine: true);
    }

    // The position after '{% raw %}', or null when the tag is another.
    private int? RawBodyStart(int bodyStart)
    {
        int at = SkipSpace(bodyStart);
        if (!source.AsSpan(at).StartsWith("raw")) return null;
        at = SkipSpace(at + 3);
        if (source.AsSpan(at).StartsWith("-%}")) return SkipSpace(at + 3);
        return source.AsSpan(at).StartsWith("%}") ? at + 2 : null;
    }

    private void ReadRaw(int tag, int rawStart)
    {
        position = rawStart;
        for (int at = source.IndexOf("{%", rawStart, StringComparison.Ordinal); at >= 0; at = source.IndexOf("{%", at + 2, StringComparison.Ordinal))
        {
            char sign = at + 2 < source.Length && source[at + 2] is '-' or '+' ? source[at + 2] : '\0';
            int word = SkipSpace(at + (sign == '\0' ? 2 : 3));
            if (!source.AsSpan(word).StartsWith("endraw")) continue;
            int close = SkipSpace(word + 6);
            char closeSign = close < source.Length && source[close] is '-' or '+' ? source[close] : '\0';
            if (closeSign != '\0') close++;
            if (!source.AsSpan(close).StartsWith("%}")) continue;
            AddData(rawStart, EndOfDataBefore(at, '%', sign));
            position = AfterTag(close + 2, closeSign, trimLine: true);
            return;
        }

        throw new TemplateException(LineAt(tag), "this raw block is never closed with '{% endraw %}'");
    }

    private int AfterTag(int after, char sign, bool trimLine)
    {
        if (sign == '-') return SkipSpace(after);
        return trimLine && sign != '+' && after < source.Length && source[after] == '\n' ? after + 1 : after;
    }

    private int SkipSpace(int at)
    {
        while (at < source.Length && TracedText.IsSpace(source[at])) at++;
        return at;
    }

    private void AddData(int start, int end)
    {
        if (end > start) Add(TokenKind.Data, source[start..end], start);
    }

    private void Add(TokenKind kind, string text, int at, object? value = null) => tokens.Add(new(kind, text, LineAt(at), value));

    private int LineAt(int at)
    {
        if (at > lineCountedTo)
        {
            line += source.AsSpan(lineCountedTo, at - lineCountedTo).Count('\n');
            lineCountedTo = at;
        }

        return line;
    }

    private TemplateException Unexpected(int at) =>
        new(LineAt(at), string.Create(CultureInfo.InvariantCulture, $"unexpected character '{source[at]}' in a tag"));
}
