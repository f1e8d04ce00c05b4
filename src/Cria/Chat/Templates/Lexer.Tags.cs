using System.Globalization;
using System.Text;

namespace Cria.Chat.Templates;

internal sealed partial class Lexer
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private void ReadTag(bool isBlock)
    {
        int opened = position;
        var brackets = new Stack<char>();
        while (true)
        {
            position = SkipSpace(position);
            if (position >= source.Length) throw new TemplateException(LineAt(opened), $"this tag is never closed with '{(isBlock ? "%}" : "}}")}'");
            if (brackets.Count == 0 && TryReadTagEnd(isBlock)) return;

            char first = source[position];
            if (first is '\'' or '"') ReadString(first);
            else if (IsDigit(first)) ReadNumber();
            else if (first == '_' || char.IsLetter(first)) ReadName();
            else ReadOperator(brackets);
        }
    }

    private bool TryReadTagEnd(bool isBlock)
    {
        string end = isBlock ? "%}" : "}}";
        char sign = source[position] == '-' || (isBlock && source[position] == '+') ? source[position] : '\0';
        int at = sign == '\0' ? position : position + 1;
        if (!source.AsSpan(at).StartsWith(end)) return false;
        Add(isBlock ? TokenKind.BlockEnd : TokenKind.VariableEnd, end, position);
        position = AfterTag(at + 2, sign, trimLine: isBlock);
        return true;
    }

    private void ReadOperator(Stack<char> brackets)
    {
        foreach (string text in Operators)
        {
            if (!source.AsSpan(position).StartsWith(text)) continue;
            char character = text[0];
            if (character is '(' or '[' or '{')
            {
                if (brackets.Count >= RenderBudget.MaximumDepth) throw new TemplateException(LineAt(position), "brackets nest too deeply; use another template");
                brackets.Push(character == '(' ? ')' : character == '[' ? ']' : '}');
            }
            else if (character is ')' or ']' or '}')
            {
                if (!brackets.TryPop(out char expected)) throw new TemplateException(LineAt(position), $"unexpected '{character}'");
                if (expected != character) throw new TemplateException(LineAt(position), $"unexpected '{character}', expected '{expected}'");
            }

            Add(TokenKind.Operator, text, position);
            position += text.Length;
            return;
        }

        throw Unexpected(position);
    }

    private void ReadName()
    {
        int start = position;
        while (position < source.Length && (source[position] == '_' || char.IsLetterOrDigit(source[position]))) position++;
        Add(TokenKind.Name, source[start..position], start);
    }

    private void ReadNumber()
    {
        int start = position;
        if (source[position] == '0' && position + 2 < source.Length && char.ToLowerInvariant(source[position + 1]) is 'x' or 'o' or 'b')
        {
            ReadRadixNumber(start);
            return;
        }

        SkipDigits();
        bool isFloat = false;
        // After a dot, digits are an index: `a.0.1`.
        bool afterDot = start > 0 && source[start - 1] == '.';
        if (!afterDot && position + 1 < source.Length && source[position] == '.' && IsDigit(source[position + 1]))
        {
            isFloat = true;
            position++;
            SkipDigits();
        }

        if (!afterDot && position < source.Length && source[position] is 'e' or 'E')
        {
            int exponent = position + 1;
            if (exponent < source.Length && source[exponent] is '+' or '-') exponent++;
            if (exponent < source.Length && IsDigit(source[exponent]))
            {
                isFloat = true;
                position = exponent;
                SkipDigits();
            }
        }

        string digits = source[start..position].Replace("_", "", StringComparison.Ordinal);
        if (isFloat) Add(TokenKind.Float, digits, start, double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture));
        else if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) Add(TokenKind.Integer, digits, start, number);
        else throw new TemplateException(LineAt(start), "an integer is larger than 64 bits hold; use another template");
    }

    private void ReadRadixNumber(int start)
    {
        int radix = char.ToLowerInvariant(source[position + 1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
        position += 2;
        long value = 0;
        int digitsStart = position;
        for (; position < source.Length; position++)
        {
            if (source[position] == '_') continue;
            int digit = char.IsAsciiHexDigit(source[position]) ? Convert.ToInt32(source[position].ToString(), 16) : 99;
            if (digit >= radix) break;
            if (value > (long.MaxValue - digit) / radix) throw new TemplateException(LineAt(start), "an integer is larger than 64 bits hold; use another template");
            value = value * radix + digit;
        }

        if (position == digitsStart) throw Unexpected(start + 1);
        Add(TokenKind.Integer, source[start..position], start, value);
    }

    private void SkipDigits()
    {
        while (position < source.Length && (IsDigit(source[position])
            || (source[position] == '_' && position + 1 < source.Length && IsDigit(source[position + 1])))) position++;
    }

    private static bool IsDigit(char character) => char.IsAsciiDigit(character);

    private void ReadString(char quote)
    {
        int start = position++;
        var text = new StringBuilder();
        while (true)
        {
            if (position >= source.Length) throw new TemplateException(LineAt(start), $"this string is never closed with {quote}");
            char character = source[position++];
            if (character == quote) break;
            if (character == '\\' && position < source.Length) ReadEscape(text);
            else text.Append(character);
        }

        Add(TokenKind.String, text.ToString(), start);
    }

    private void ReadEscape(StringBuilder text)
    {
        char code = source[position++];
        switch (code)
        {
            case '\n': break;
            case 'n': text.Append('\n'); break;
            case 't': text.Append('\t'); break;
            case 'r': text.Append('\r'); break;
            case 'a': text.Append('\a'); break;
            case 'b': text.Append('\b'); break;
            case 'f': text.Append('\f'); break;
            case 'v': text.Append('\v'); break;
            case '\\' or '\'' or '"': text.Append(code); break;
            case 'x': AppendCode(text, 2); break;
            case 'u': AppendCode(text, 4); break;
            case 'U': AppendCode(text, 8); break;
            case >= '0' and <= '7':
                int value = code - '0';
                for (int i = 0; i < 2 && position < source.Length && source[position] is >= '0' and <= '7'; i++) value = value * 8 + (source[position++] - '0');
                text.Append((char)value);
                break;
            default: text.Append('\\').Append(code); break;
        }
    }

    private void AppendCode(StringBuilder text, int digits)
    {
        if (position + digits > source.Length
            || !uint.TryParse(source.AsSpan(position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) || code > 0x10FFFF)
            throw new TemplateException(LineAt(position), $"an escape in a string needs {digits} hexadecimal digits");
        position += digits;
        if (code < 0x10000) text.Append((char)code);
        else text.Append(char.ConvertFromUtf32((int)code));
    }
}
