namespace Cria.TinyData.Passages;

/// <summary>A short text of facts about a few people and things, and the questions that it answers.</summary>
internal sealed record Passage(string Text, IReadOnlyList<Ask> Asks)
{
    private const string Unsaid = "The passage does not say.";

    private static readonly string[] Fillers =
    [
        "It is a [warm|cold|bright|windy|quiet|rainy|sunny|grey] [day|morning|evening|afternoon].", "The [sun|moon] [shines|is up|hides behind a cloud].",
        "[Nobody|No one] is in a hurry.", "[Outside|In the street], [children are playing|a bell rings|the birds are singing|it is raining|the wind blows].",
        "The [village|town|house|street] is [quiet|full of people|very old|small but friendly].", "[Everybody|Everyone] [is in a good mood|waits for the evening|is busy today].",
    ];

    /// <summary>Writes one.</summary>
    public static Passage Write(Dice dice)
    {
        var scene = new Scene(dice);
        List<Fact> facts = [];
        List<string> blocks = [];
        Person[] people = [.. Enumerable.Range(0, dice.Number(2, 4)).Select(_ => scene.NewPerson())];
        foreach (Person person in people) AddPerson(scene, person, people.Length > 2 ? 2 : 3, facts, blocks);
        foreach (int kind in dice.Some([0, 1, 2, 3, 4, 5, 5], dice.Number(0, 3)).Distinct())
        {
            Fact fact = kind switch
            {
                0 => ThingFacts.Look(scene),
                1 => ThingFacts.Spot(scene),
                2 => ThingFacts.Heap(scene),
                3 => ThingFacts.Event(scene),
                4 => ThingFacts.Gift(scene, people[0], people[1]),
                _ => ThingFacts.Order(scene, people[^1]),
            };
            facts.Add(fact);
            blocks.Add(string.Join(' ', fact.Sentences));
        }
        foreach (string filler in dice.Some(Fillers, dice.Number(0, 2))) blocks.Add(dice.Say(filler));
        string text = string.Join(' ', dice.Shuffled(blocks));
        return new Passage(text, [.. facts.SelectMany(fact => fact.Asks), NotSaid(dice, text)]);
    }

    /// <summary>A question that a text about other people and things leaves open.</summary>
    public static Ask NotSaid(Dice dice, string text)
    {
        while (true)
        {
            string thing = dice.One(Words.Things), name = dice.One(dice.Chance(0.5) ? Words.Girls : Words.Boys);
            if (text.Contains(thing, StringComparison.Ordinal) || text.Contains(name, StringComparison.Ordinal)) continue;
            string form = dice.One($"Where is [{name}|the {thing}]?", $"What colour is [the {thing}|{name}'s {thing}]?", $"Who has the {thing}?", $"How old is {name}?",
                $"What is {name}'s job?", $"What does {name} like?", $"What is the {thing} made of?");
            return new Ask(dice.Say(form), Unsaid);
        }
    }

    private static void AddPerson(Scene scene, Person person, int most, List<Fact> facts, List<string> blocks)
    {
        List<string> sentences = [];
        foreach (Func<Scene, Person, string, Fact> kind in scene.Dice.Some(PersonFacts.Kinds, scene.Dice.Number(1, most)))
        {
            // A pronoun only where a sentence with the name stands before it.
            Fact fact = kind(scene, person, sentences.Count == 0 || scene.Dice.Chance(0.4) ? person.Name : person.CapitalShe);
            facts.Add(fact);
            sentences.AddRange(fact.Sentences);
        }
        blocks.Add(string.Join(' ', sentences));
    }
}
