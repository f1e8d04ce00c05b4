using Cria.TinyData.Stories;

namespace Cria.TinyData.Passages;

/// <summary>Questions about a passage or a story that was just read: several in turn, so that one reading teaches much.</summary>
/// <param name="backwards">Asks only from the end of a sentence to its beginning (who is it that …, what is it that …, is it true that …), which is learned last.</param>
/// <param name="least">Fewest questions about one text that has so many.</param>
/// <param name="most">Most questions about one text.</param>
internal sealed class PassageQuestions(bool backwards = false, int least = 3, int most = 7) : ISkill
{
    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        (string text, IReadOnlyList<Ask> asks) = Read(dice);
        if (backwards)
        {
            Ask[] hard = [.. asks.Where(IsBackwards)];
            if (hard.Length > 0) asks = hard;
        }
        Ask[] chosen = dice.Some(asks, Math.Min(asks.Count, isTest ? 1 : dice.Number(least, most)));
        return Sample.Open("passage", [new Ask(Put(dice, text, chosen[0].Question), chosen[0].Answer), .. chosen[1..]]);
    }

    /// <summary>A passage with its first question.</summary>
    public static string Put(Dice dice, string text, string question) => dice.Number(0, 5) switch
    {
        0 => $"{text} {question}",
        1 => $"{dice.Say("[Read this|Here is a passage|Read the passage|Here is a text|Read this text]")}: {text}\n\n{question}",
        2 => $"{text}\n{dice.Say("[Question|Now tell me|My question]")}: {question}",
        3 => $"{dice.Say("[Text|Passage|Story]")}: {text}\n\nQuestion: {question}",
        _ => $"{text}\n\n{question}",
    };

    /// <summary>True where the answer begins with somebody or something that the question does not name, or with yes or no.</summary>
    private static bool IsBackwards(Ask ask)
    {
        string[] words = ask.Answer.Split(' ');
        return ask.Question.StartsWith("Is ", StringComparison.Ordinal) || !ask.Question.Contains(words[0] is "The" ? words[1] : words[0], StringComparison.OrdinalIgnoreCase);
    }

    private static (string, IReadOnlyList<Ask>) Read(Dice dice)
    {
        if (dice.Chance(0.2))
        {
            Story story = Story.Write(dice);
            return (story.Text, [.. story.Asks, Passage.NotSaid(dice, story.Text)]);
        }
        Passage passage = Passage.Write(dice);
        return (passage.Text, passage.Asks);
    }
}
