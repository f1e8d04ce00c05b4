namespace Cria.TinyData.Passages;

/// <summary>
/// A few people of whom one thing each is told, and who it is, asked from that thing: the step back from the end of a sentence to its beginning that "Who is 83 years old?" needs, alone.
/// The same texts are asked about many times, each time anew who of all of them it is: asked once about each, one finds out who is left over and not where the word stands.
/// From bare pairs, with the answer right behind the word, to conversations, so that the step is learnt where it is shortest and carried over.
/// </summary>
/// <param name="fewWords">True for the first words of each list only and most of it bare pairs, where the step is learnt soon; among all words it was not learnt at all.</param>
internal sealed class Lookup(bool fewWords = false) : ISkill
{
    private const int FewWords = 24;

    private static readonly IReadOnlyList<string>[] Lists =
        [Words.Foods, Words.Things, Words.Jobs, Words.Pets, [.. Enumerable.Range(5, 91).Select(age => FormattableString.Invariant($"{age}"))]];

    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        var scene = new Scene(dice, fewWords ? FewWords : null);
        int count = dice.Number(2, fewWords ? 6 : 8), questions = isTest ? 1 : 16;
        return dice.Chance(fewWords ? 0.8 : 0.3) ? Pairs(scene, count, questions) : Sentences(scene, count, questions);
    }

    private static Sample Pairs(Scene scene, int count, int questions)
    {
        Dice dice = scene.Dice;
        // Half in the plainest form, "Ada bread. Tom rice. bread? Ada", where the step is shortest.
        bool isPlain = dice.Chance(0.5);
        string link = isPlain ? " " : dice.One(" ", ": ", " = ", " - ", " and ", " has "), mark = isPlain ? "?" : dice.One("", ":", "?", " =", " of");
        string between = isPlain ? ". " : dice.One(". ", ", ", "; ", "\n"), before = isPlain ? " " : dice.One(" ", ". "), end = before == ". " ? "" : isPlain ? "." : dice.One(".", ".\n");
        IReadOnlyList<string> list = dice.One(Lists);
        bool isMixed = dice.Chance(0.5);
        (string Name, string Word)[] pairs =
            [.. Enumerable.Range(0, count).Select(_ => (scene.NewPerson().Name, scene.New(isMixed ? dice.One(Lists) : list)))];
        string text = string.Join(between, pairs.Select(pair => pair.Name + link + pair.Word)) + end;
        return Of(text, dice, questions, pairs, pair => new Ask(before + pair.Word + mark, " " + pair.Name));
    }

    private static Sample Sentences(Scene scene, int count, int questions)
    {
        Dice dice = scene.Dice;
        Func<Scene, Person, string, Fact>? kind = dice.Chance(0.5) ? dice.One(PersonFacts.Kinds) : null;
        (string Name, string Sentence, Ask Who)[] told = [.. Enumerable.Range(0, count).Select(_ => Tell(scene, kind))];
        string text = string.Join(' ', told.Select(one => one.Sentence));
        int form = dice.Number(0, 4);
        if (form < 2)
        {
            Ask[] turns = [.. Enumerable.Range(0, questions).Select(_ => dice.One(told).Who)];
            return Sample.Open("who", [new Ask(PassageQuestions.Put(dice, text, turns[0].Question), turns[0].Answer), .. turns[1..]]);
        }
        return Of(text, dice, questions, told, one => form switch
        {
            2 => new Ask(dice.One(" ", "\n") + one.Who.Question, " " + one.Name),
            3 => new Ask("\n" + one.Who.Question + "\n", one.Name),
            _ => new Ask(dice.Say("[\nQuestion:|\nQ:|]") + " " + one.Who.Question + dice.Say("[\nAnswer:|\nA:| It is]"), " " + one.Name),
        });
    }

    private static (string Name, string Sentence, Ask Who) Tell(Scene scene, Func<Scene, Person, string, Fact>? kind)
    {
        Person person = scene.NewPerson();
        while (true)
        {
            Fact fact = (kind ?? scene.Dice.One(PersonFacts.Kinds))(scene, person, person.Name);
            Ask? who = fact.Asks.LastOrDefault(ask => ask.Question.StartsWith("Who ", StringComparison.Ordinal));
            if (who is not null) return (person.Name, string.Join(' ', fact.Sentences), who);
            // Of a journey nobody asks who made it.
            kind = null;
        }
    }

    private static Sample Of<T>(string text, Dice dice, int questions, T[] told, Func<T, Ask> ask)
    {
        Ask[] asks = [.. Enumerable.Range(0, questions).Select(_ => ask(dice.One(told)))];
        asks[0] = asks[0] with { Question = text + asks[0].Question };
        return new Sample("who") { Completions = asks, Keys = [text] };
    }
}
