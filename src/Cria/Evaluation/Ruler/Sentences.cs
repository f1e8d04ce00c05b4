namespace Cria.Evaluation.Ruler;

/// <summary>Cuts text into sentences: behind a full stop, question or exclamation mark (with closing quotes) where space and a new beginning follow.</summary>
internal static class Sentences
{
    private static readonly string[] Abbreviations = ["Mr.", "Mrs.", "Ms.", "Dr.", "St.", "e.g.", "i.e.", "etc.", "vs."];

    /// <summary>The sentences of a text whose words are one space apart.</summary>
    public static IReadOnlyList<string> Of(string text)
    {
        var sentences = new List<string>();
        int start = 0;
        for (int space = text.IndexOf(' ', StringComparison.Ordinal); space >= 0; space = text.IndexOf(' ', space + 1))
        {
            if (!EndsAt(text, start, space)) continue;
            sentences.Add(text[start..space]);
            start = space + 1;
        }
        if (start < text.Length) sentences.Add(text[start..]);
        return sentences;
    }

    private static bool EndsAt(string text, int start, int space)
    {
        ReadOnlySpan<char> before = text.AsSpan(start, space - start);
        ReadOnlySpan<char> bare = before.TrimEnd("\"'”’)]");
        if (bare.Length == 0 || bare[^1] is not ('.' or '!' or '?') || space + 1 >= text.Length || char.IsLower(text[space + 1])) return false;
        ReadOnlySpan<char> word = bare[(bare.LastIndexOf(' ') + 1)..];
        foreach (string abbreviation in Abbreviations)
            if (word.SequenceEqual(abbreviation)) return false;
        return true;
    }
}
