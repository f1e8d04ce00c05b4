using System.Text;
using Cria.TinyData.Passages;
using Cria.TinyData.Stories;

namespace Cria.TinyData.Retrieval;

/// <summary>Numbers hidden in a text of some length, to be found again.</summary>
/// <param name="skill">Its name in the scores.</param>
/// <param name="leastWords">Shortest text.</param>
/// <param name="mostWords">Longest text.</param>
/// <param name="most">Most numbers in one text.</param>
internal sealed class Needles(string skill, int leastWords, int mostWords, int most = 5) : ISkill
{
    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        var scene = new Scene(dice);
        int words = dice.Number(leastWords, mostWords), count = dice.Number(1, most);
        Needle[] needles = [.. Enumerable.Range(0, count).Select(_ => Hide(scene))];
        List<string> sentences = [];
        for (int length = 0; length < words;)
        {
            string[] more = (dice.Chance(0.5) ? Story.Write(dice).Text : Passage.Write(dice).Text).Split(". ");
            foreach (string sentence in more.Take(dice.Number(3, 12)))
            {
                sentences.Add(sentence.TrimEnd('.') + ".");
                length += sentence.Count(letter => letter == ' ') + 1;
            }
        }
        foreach (Needle needle in needles) sentences.Insert(dice.Number(0, sentences.Count), needle.Sentence);
        var text = new StringBuilder().AppendJoin(' ', sentences).ToString();
        Needle[] asked = dice.Some(needles, isTest ? 1 : needles.Length);
        Ask[] turns = [.. asked.Select(needle => new Ask(dice.Say(needle.Question), needle.Answer))];
        return Sample.Open(skill, [turns[0] with { Question = PassageQuestions.Put(dice, text, turns[0].Question) }, .. turns[1..]]);
    }

    private static Needle Hide(Scene scene)
    {
        Dice dice = scene.Dice;
        int digits = dice.Number(3, 6);
        string number = string.Concat(Enumerable.Range(0, digits).Select(place => (char)('0' + dice.Number(place == 0 ? 1 : 0, 9))));
        string owner = scene.NewPerson().Name;
        string of = dice.Number(0, 3) switch
        {
            0 => $"the code of the {dice.One(Words.Adjectives)} {scene.New(Words.Things)}",
            1 => $"{owner}'s [secret |]number".Replace("[secret |]", dice.One("secret ", "", "lucky "), StringComparison.Ordinal),
            2 => $"the number of the {dice.One(Words.Colours)} {scene.New(Words.Things)}",
            _ => $"the code of {owner}",
        };
        string sentence = dice.Say($"[|Remember this: |By the way, |It is a secret that ]{of} is {number}.");
        return new Needle(Words.Capital(sentence), $"[What is {of}?|Tell me {of}.|Which number is {of}?|What was {of}?]", $"{Words.Capital(of)} is {number}.");
    }

    private sealed record Needle(string Sentence, string Question, string Answer);
}
