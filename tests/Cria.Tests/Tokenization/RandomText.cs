using System.Text;

namespace Cria.Tests.Tokenization;

/// <summary>Seeded random Unicode, rich in what tokenizers stumble over.</summary>
internal static class RandomText
{
    private static readonly string[] Troubles =
    [
        "'s", "'LL", "'Ve", "'RE", "'ſ", "'ſa", "''t", " '", "'", "'l", "\r\n", "\r", "\n", "\n\n", " ", "  ", "\t", "\u0085", "\u00A0", "\u3000", "\u2028", "\u001C",
        "a", "B", "é", "ß", "word", "१२३", "12", "1234567", "½", "Ⅷ", "٣", "日本", "한국", "e\u0301", "👩‍👩‍👧", "𝔘𝔫", "𝟘𝟙", "🦙", "!", "?!", "...", "<|eot_id|>", "<|", "|>", "\0", "\uFEFF", "▁",
    ];

    public static string Next(Random random, int parts)
    {
        StringBuilder text = new();
        for (int i = 0; i < parts; i++)
        {
            if (random.Next(3) > 0)
                text.Append(Troubles[random.Next(Troubles.Length)]);
            else
                text.Append(RandomRune(random).ToString());
        }
        return text.ToString();
    }

    private static Rune RandomRune(Random random)
    {
        int limit = random.Next(4) switch { 0 => 0x80, 1 => 0x800, 2 => 0x10000, _ => 0x110000 };
        while (true)
        {
            if (Rune.TryCreate(random.Next(limit), out Rune rune))
                return rune;
        }
    }
}
