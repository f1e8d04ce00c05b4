namespace Cria.Cli;

/// <summary>Breaks text into lines at spaces.</summary>
internal static class TextWrap
{
    /// <summary>The lines of <paramref name="text"/>, none longer than <paramref name="width"/> unless one word is. Line breaks in the text stay.</summary>
    public static IEnumerable<string> Lines(string text, int width)
    {
        foreach (string paragraph in text.Split('\n'))
        {
            string rest = paragraph;
            while (rest.Length > width)
            {
                int space = rest.LastIndexOf(' ', width);
                if (space <= 0) space = rest.IndexOf(' ');
                if (space <= 0) break;
                yield return rest[..space].TrimEnd();
                rest = rest[(space + 1)..];
            }
            yield return rest;
        }
    }
}
