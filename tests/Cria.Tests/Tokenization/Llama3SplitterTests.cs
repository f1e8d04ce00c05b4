using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Cria.Tokenization;

namespace Cria.Tests.Tokenization;

public class Llama3SplitterTests
{
    // .NET's pattern language ignores case without the long s, which Unicode folds to s.
    private static readonly Regex Oracle = new(Llama3Splitter.Pattern.Replace("(?i:'s|", "(?i:'s|'ſ|", StringComparison.Ordinal), RegexOptions.CultureInvariant);

    [Fact]
    public void Cuts_random_text_as_the_pattern_does()
    {
        Random random = new(1);
        for (int round = 0; round < 20_000; round++)
        {
            string text = RandomText.Next(random, random.Next(1, 24));
            Assert.Equal(ByPattern(text), BySplitter(text));
        }
    }

    [Fact]
    public void Knows_the_kind_of_every_character()
    {
        // Planes 4 to 13 hold no characters.
        for (int value = 0; value < 0x110000; value += value < 0x34000 ? 1 : 61)
        {
            if (!Rune.TryCreate(value, out Rune rune))
                continue;
            string text = $"a{rune}{rune}1{rune}a {rune} \n{rune}";
            string[] expected = ByPattern(text);
            if (!expected.SequenceEqual(BySplitter(text)))
                Assert.Fail($"U+{value:X4}: expected {string.Join('|', expected)}, cut {string.Join('|', BySplitter(text))}");
        }
    }

    [Theory]
    [InlineData("I'm", "I|'m")]
    [InlineData("IT'S", "IT|'S")]
    [InlineData("we'llx", "we|'ll|x")]
    [InlineData("x'ſa", "x|'ſ|a")]
    [InlineData("a \n  b", "a| \n| | b")]
    [InlineData("  \r\n\t\n x", "  \r\n\t\n| x")]
    [InlineData("12345", "123|45")]
    [InlineData("a   ", "a|   ")]
    [InlineData("x !!\r\n\r\ny", "x| !!\r\n\r\n|y")]
    public void Cuts_as_written_here(string text, string pieces) => Assert.Equal(pieces.Split('|'), BySplitter(text));

    private static string[] BySplitter(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        List<string> pieces = [];
        for (int start = 0; start < utf8.Length;)
        {
            int end = Llama3Splitter.End(utf8, start);
            pieces.Add(Encoding.UTF8.GetString(utf8, start, end - start));
            start = end;
        }
        return [.. pieces];
    }

    /// <summary>The pieces by the regular expression. It sees UTF-16 units, so each character beyond the first plane is shown to it as one of its kind inside.</summary>
    private static string[] ByPattern(string text)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        string shown = string.Concat(runes.Select(rune => rune.IsBmp ? (char)rune.Value : StandIn(rune)));
        List<string> pieces = [];
        foreach (Match match in Oracle.Matches(shown))
            pieces.Add(string.Concat(runes.Skip(match.Index).Take(match.Length)));
        return [.. pieces];
    }

    private static char StandIn(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => 'é',
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => '½',
        _ => '§',
    };
}
