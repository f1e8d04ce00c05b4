using System.Globalization;
using System.Text;

namespace Cria.Generation.Grammar;

/// <summary>How JSON writes text.</summary>
internal static class JsonText
{
    /// <summary>The characters that a JSON string holds only as escapes.</summary>
    public static CharacterSet Escaped { get; } = CharacterSet.Of((0, 0x1F), ('"', '"'), ('\\', '\\'));

    /// <summary>The characters that it holds as they are.</summary>
    public static CharacterSet Plain { get; } = Escaped.Complement();

    /// <summary>The escape of one character of <see cref="Escaped"/>.</summary>
    public static string Escape(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
    };

    /// <summary>A text as a JSON string in UTF-8, quotes included.</summary>
    public static byte[] Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char character in text)
        {
            if (Escaped.Contains(character))
                quoted.Append(Escape(character));
            else
                quoted.Append(character);
        }
        return Encoding.UTF8.GetBytes(quoted.Append('"').ToString());
    }
}
