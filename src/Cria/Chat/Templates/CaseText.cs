namespace Cria.Chat.Templates;

/// <summary>Upper and lower case, with every character's origin kept.</summary>
internal static class CaseText
{
    /// <summary>All in upper case.</summary>
    public static TracedText Upper(TracedText text) => text.WithValue(text.Value.ToUpperInvariant());

    /// <summary>All in lower case.</summary>
    public static TracedText Lower(TracedText text) => text.WithValue(text.Value.ToLowerInvariant());

    /// <summary>Upper case made lower and the reverse.</summary>
    public static TracedText Swap(TracedText text) => Map(text, (character, _) => char.IsUpper(character) ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character));

    /// <summary>The first character in upper case, the rest in lower case.</summary>
    public static TracedText Capitalize(TracedText text) => Map(text, (character, at) => at == 0 ? char.ToUpperInvariant(character) : char.ToLowerInvariant(character));

    /// <summary>Python's <c>str.title</c>: a letter after anything but a letter is in upper case.</summary>
    public static TracedText Title(TracedText text) => Map(text, (character, at) =>
        at == 0 || !char.IsLetter(text.Value[at - 1]) ? char.ToUpperInvariant(character) : char.ToLowerInvariant(character));

    /// <summary>Jinja's <c>title</c> filter: words begin at the start and after blanks, dashes and opening brackets.</summary>
    public static TracedText TitleWords(TracedText text) => Map(text, (character, at) =>
        at == 0 || text.Value[at - 1] is '-' or '(' or '{' or '[' or '<' || TracedText.IsSpace(text.Value[at - 1]) ? char.ToUpperInvariant(character) : char.ToLowerInvariant(character));

    private static TracedText Map(TracedText text, Func<char, int, char> map)
    {
        char[] characters = text.Value.ToCharArray();
        for (int i = 0; i < characters.Length; i++) characters[i] = map(characters[i], i);
        return text.WithValue(new(characters));
    }
}
