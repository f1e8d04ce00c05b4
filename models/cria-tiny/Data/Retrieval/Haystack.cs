using Cria.TinyData.Passages;
using Cria.TinyData.Stories;

namespace Cria.TinyData.Retrieval;

/// <summary>Text of some length to hide things in, as sentences.</summary>
internal static class Haystack
{
    // Letters a token of the model's vocabulary stands for, measured: the vocabulary was made for what is told here.
    private const double Told = 4.1, Strange = 2.85;

    private static readonly string[] Little =
    [
        "the", "the", "a", "of", "of", "to", "and", "and", "in", "that", "is", "it", "for", "with", "as", "but", "not", "you", "they", "this", "have", "from", "or", "by", "what", "if", "so", "more", "than", "can",
        "there", "about", "would", "because", "when", "which", "their", "make", "people", "most", "think", "even", "just", "something", "don't", "it's", "you're",
    ];

    private static readonly string[] Meanings = [.. Words.Definitions.SelectMany(pair => pair.Meaning.Split(' ')).Distinct(StringComparer.Ordinal)];

    /// <summary>Sentences of about this many tokens in all: a few said again and again, stories and passages, or words without sense.</summary>
    public static List<string> Write(Dice dice, int tokens) => dice.Number(0, 9) switch
    {
        < 4 => Fill(tokens * Told, Repeated(dice)),
        < 7 => Fill(tokens * Told, Stories(dice)),
        _ => Fill(tokens * Strange, Nonsense(dice)),
    };

    private static List<string> Fill(double letters, IEnumerable<string> endless)
    {
        List<string> sentences = [];
        foreach (string sentence in endless)
        {
            letters -= sentence.Length + 1;
            if (letters < 0) break;
            sentences.Add(sentence);
        }
        return sentences;
    }

    private static IEnumerable<string> Repeated(Dice dice)
    {
        string[] few = [.. Stories(dice).Take(40)];
        few = dice.Some(few, dice.Number(1, 8));
        while (true)
        {
            foreach (string sentence in few) yield return sentence;
        }
    }

    private static IEnumerable<string> Stories(Dice dice)
    {
        while (true)
        {
            foreach (string sentence in (dice.Chance(0.6) ? Story.Write(dice).Text : Passage.Write(dice).Text).Split(". "))
                yield return sentence.TrimEnd('.') + ".";
        }
    }

    private static IEnumerable<string> Nonsense(Dice dice)
    {
        while (true)
        {
            var words = new string[dice.Number(4, 24)];
            for (int i = 0; i < words.Length; i++)
            {
                words[i] = dice.Number(0, 19) switch
                {
                    < 9 => dice.One(Little),
                    < 12 => dice.One(Words.All),
                    < 16 => dice.One(Meanings),
                    16 => Words.Invented(dice),
                    17 => FormattableString.Invariant($"{dice.Number(1, 2030)}"),
                    _ => Letters(dice),
                };
                if (i < words.Length - 1 && dice.Chance(0.08)) words[i] += dice.One(",", ",", ";", ":", " -");
            }
            yield return Words.Capital(string.Join(' ', words)) + dice.One(".", ".", ".", "?", "!") + (dice.Chance(0.1) ? "\n\n" : "");
        }
    }

    /// <summary>A word that nobody has seen.</summary>
    private static string Letters(Dice dice) => string.Concat(Enumerable.Range(0, dice.Number(2, 9)).Select(_ => dice.One("etaoinshrdlucmfwypvbgkjqxz"[..dice.Number(8, 26)].ToCharArray())));
}
