using System.Text;

namespace Cria.TinyData.Retrieval;

/// <summary>
/// Numbers of towns in a book, asked for behind it without a chat template, as the needle-in-a-haystack test of long contexts does: <c>cria eval niah</c>.
/// Many in one book, so that one reading of it teaches much.
/// </summary>
/// <param name="least">Shortest book, in tokens.</param>
/// <param name="most">Longest book with its questions, in tokens.</param>
internal sealed class BookNumbers(int least, int most) : ISkill
{
    // Tokens of the model's vocabulary that each takes, with room to spare.
    private const int NumberTokens = 30, AskTokens = 46;

    private static readonly string[] Towns = [.. Words.Capitals.Select(pair => pair.City)];

    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        int tokens = dice.Number(least, most);
        int hidden = dice.Chance(0.3) ? dice.Number(1, 3) : dice.Number(4, Math.Max(5, tokens / 180));
        int asked = isTest ? 1 : Math.Min(hidden, Math.Max(3, tokens / 200));
        List<string> sentences = Haystack.Write(dice, Math.Max(20, tokens - (hidden * NumberTokens) - (asked * AskTokens)));
        var numbers = new Dictionary<string, string>(StringComparer.Ordinal);
        while (numbers.Count < hidden) numbers[dice.Chance(0.5) ? dice.One(Towns) : Words.Invented(dice)] = Digits(dice);
        // Where each number goes: behind the sentence with this index, -1 for the beginning.
        ILookup<int, string> places = numbers.ToLookup(_ => dice.Number(-1, sentences.Count - 1), pair => $"\n{Is(pair.Key)}{pair.Value}.\n");
        var book = new StringBuilder("This is a very long story book: <book>");
        for (int i = -1; i < sentences.Count; i++)
        {
            if (i >= 0) book.Append(i > 0 ? " " : "").Append(sentences[i]);
            book.AppendJoin("", places[i]);
        }
        book.Append("</book>.\n");
        string[] towns = dice.Some([.. numbers.Keys], asked);
        Ask[] asks = [.. towns.Select(town => new Ask($" Based on the content of the book, Question: What is the special magic {town} number? Answer: {Is(town)}", numbers[town]))];
        for (int i = 1; i < asks.Length; i++) asks[i] = asks[i] with { Question = "\n" + asks[i].Question };
        asks[0] = asks[0] with { Question = book + asks[0].Question };
        return new Sample("numbers in a book") { Completions = asks, Keys = [asks[0].Question] };
    }

    private static string Is(string town) => $"The special magic {town} number is: ";

    private static string Digits(Dice dice) => string.Concat(Enumerable.Range(0, dice.Number(5, 9)).Select(place => (char)('0' + dice.Number(place == 0 ? 1 : 0, 9))));
}
