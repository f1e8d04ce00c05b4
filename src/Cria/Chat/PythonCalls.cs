using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Cria.Chat;

/// <summary>Reads calls as Python writes them: <c>name(key="text", other=[1, True])</c>. Literals only; nothing is ever run.</summary>
internal ref struct PythonCalls
{
    private const int MaximumDepth = 60;

    private readonly ReadOnlySpan<char> text;
    private int position;

    private PythonCalls(ReadOnlySpan<char> text) => this.text = text;

    /// <summary>One call that fills the whole text.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out ChatToolCall? call)
    {
        var reader = new PythonCalls(text);
        call = reader.ReadCall();
        reader.SkipSpace();
        if (reader.position != text.Length) call = null;
        return call is not null;
    }

    /// <summary>A list of calls that fills the whole text.</summary>
    public static bool TryReadList(string text, out ChatToolCall[] calls)
    {
        calls = [];
        var reader = new PythonCalls(text);
        var found = new List<ChatToolCall>();
        if (!reader.Skip('[')) return false;
        do
        {
            if (reader.ReadCall() is not { } call) return false;
            found.Add(call);
        }
        while (reader.Skip(','));
        if (!reader.Skip(']')) return false;
        reader.SkipSpace();
        if (reader.position != text.Length) return false;
        calls = [.. found];
        return true;
    }

    private ChatToolCall? ReadCall()
    {
        string name = ReadName(allowDots: true);
        if (name.Length == 0 || !Skip('(')) return null;
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            var names = new HashSet<string>(StringComparer.Ordinal);
            while (!Skip(')'))
            {
                if (names.Count > 0 && !Skip(',')) return null;
                if (names.Count > 0 && Skip(')')) break;
                string key = ReadName(allowDots: false);
                if (key.Length == 0 || !Skip('=') || !names.Add(key)) return null;
                writer.WritePropertyName(key);
                if (!WriteLiteral(writer, 0)) return null;
            }

            writer.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(stream.ToArray());
        return new(name, document.RootElement.Clone());
    }

    private bool WriteLiteral(Utf8JsonWriter writer, int depth)
    {
        SkipSpace();
        if (position >= text.Length || depth > MaximumDepth) return false;
        char first = text[position];
        if (first is '"' or '\'')
        {
            if (ReadString() is not { } value) return false;
            writer.WriteStringValue(value);
            return true;
        }

        if (first is '[' or '(') return WriteList(writer, first == '[' ? ']' : ')', depth);
        if (first == '{') return WriteMap(writer, depth);
        if (char.IsAsciiLetter(first))
        {
            switch (ReadName(allowDots: false))
            {
                case "True" or "true": writer.WriteBooleanValue(true); return true;
                case "False" or "false": writer.WriteBooleanValue(false); return true;
                case "None" or "null": writer.WriteNullValue(); return true;
                default: return false;
            }
        }

        int start = position;
        while (position < text.Length && (char.IsAsciiDigit(text[position]) || text[position] is '+' or '-' or '.' or 'e' or 'E')) position++;
        ReadOnlySpan<char> number = text[start..position];
        if (long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer)) writer.WriteNumberValue(integer);
        else if (double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && double.IsFinite(real)) writer.WriteNumberValue(real);
        else return false;
        return true;
    }

    private bool WriteList(Utf8JsonWriter writer, char close, int depth)
    {
        position++;
        writer.WriteStartArray();
        for (bool isFirst = true; !Skip(close); isFirst = false)
        {
            if (!isFirst && !Skip(',')) return false;
            if (!isFirst && Skip(close)) break;
            if (!WriteLiteral(writer, depth + 1)) return false;
        }

        writer.WriteEndArray();
        return true;
    }

    private bool WriteMap(Utf8JsonWriter writer, int depth)
    {
        position++;
        writer.WriteStartObject();
        for (bool isFirst = true; !Skip('}'); isFirst = false)
        {
            if (!isFirst && !Skip(',')) return false;
            if (!isFirst && Skip('}')) break;
            SkipSpace();
            if (position >= text.Length || text[position] is not ('"' or '\'') || ReadString() is not { } key || !Skip(':')) return false;
            writer.WritePropertyName(key);
            if (!WriteLiteral(writer, depth + 1)) return false;
        }

        writer.WriteEndObject();
        return true;
    }

    private string? ReadString()
    {
        char quote = text[position++];
        var value = new StringBuilder();
        while (position < text.Length)
        {
            char character = text[position++];
            if (character == quote) return value.ToString();
            if (character != '\\' || position >= text.Length)
            {
                value.Append(character);
                continue;
            }

            char code = text[position++];
            switch (code)
            {
                case 'n': value.Append('\n'); break;
                case 't': value.Append('\t'); break;
                case 'r': value.Append('\r'); break;
                case '\\' or '\'' or '"': value.Append(code); break;
                case 'u' or 'x':
                    int digits = code == 'u' ? 4 : 2;
                    if (position + digits > text.Length || !ushort.TryParse(text.Slice(position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit)) return null;
                    value.Append((char)unit);
                    position += digits;
                    break;
                default: value.Append('\\').Append(code); break;
            }
        }

        return null;
    }

    private string ReadName(bool allowDots)
    {
        SkipSpace();
        int start = position;
        while (position < text.Length && (char.IsLetterOrDigit(text[position]) || text[position] == '_' || (allowDots && position > start && text[position] == '.'))) position++;
        return position > start && char.IsAsciiDigit(text[start]) ? "" : text[start..position].ToString();
    }

    private bool Skip(char wanted)
    {
        SkipSpace();
        bool found = position < text.Length && text[position] == wanted;
        if (found) position++;
        return found;
    }

    private void SkipSpace()
    {
        while (position < text.Length && char.IsWhiteSpace(text[position])) position++;
    }
}
