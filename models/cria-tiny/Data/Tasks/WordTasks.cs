namespace Cria.TinyData.Tasks;

/// <summary>Lists, spelling, and simple rewriting.</summary>
internal sealed class WordTasks(string skill, Func<Dice, Ask> task) : ISkill
{
    private static readonly (string Kind, string[] Members)[] Categories =
    [
        ("fruits", Words.Fruits), ("vegetables", Words.Vegetables), ("colours", Words.Colours), ("materials", Words.Materials), ("days of the week", Words.Weekdays),
        ("months", Words.Months), ("jobs", Words.Jobs), ("animals", Words.Animals), ("foods", Words.Foods), ("events", Words.Events), ("things", Words.Things), ("verbs", Words.Verbs),
    ];

    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        int count = isTest || dice.Chance(0.2) ? 1 : dice.Number(2, 6);
        return Sample.Closed(skill, [.. Enumerable.Range(0, count).Select(_ => task(dice))]);
    }

    /// <summary>l-a-m-p.</summary>
    public static Ask Spell(Dice dice)
    {
        string word = dice.One(Words.All);
        string spelled = string.Join('-', word.ToCharArray());
        return dice.Chance(0.75)
            ? new Ask(dice.Say($"[Spell|Please spell|Can you spell|How do you spell|Spell the word|How is it spelled:] [{word}|\"{word}\"][.|?|]"), spelled)
            : new Ask(dice.Say($"[Which word is|What word is|Read] {spelled}?"), word);
    }

    /// <summary>THE RED LAMP.</summary>
    public static Ask Uppercase(Dice dice)
    {
        string text = Phrase(dice, 1, 4);
        return new Ask(dice.Say($"[Write in capital letters|Write this in uppercase|Uppercase|Make this uppercase|In capital letters, please|Put this in capitals]: {text}"), text.ToUpperInvariant());
    }

    /// <summary>lamp red the.</summary>
    public static Ask Reverse(Dice dice)
    {
        string text = Phrase(dice, 2, 6);
        return new Ask(dice.Say($"[Reverse the word order|Write the words in reverse order|Reverse the order of these words|Put these words in reverse order|Reverse these words]: {text}"),
            string.Join(' ', text.Split(' ').Reverse()));
    }

    /// <summary>There are 3 words.</summary>
    public static Ask Count(Dice dice)
    {
        string text = Phrase(dice, 1, 9);
        int words = text.Split(' ').Length;
        return new Ask(dice.Say($"[How many words are there|Count the words|How many words are in this text|How many words does this have]: {text}"), words == 1 ? "There is 1 word." : $"There are {words} words.");
    }

    /// <summary>The members of a list, one a line; or the first ones of a kind, always in the same order.</summary>
    public static Ask List(Dice dice)
    {
        if (dice.Chance(0.4))
        {
            (string kind, string[] members) = dice.One(Categories);
            int count = dice.Number(2, 7);
            return new Ask(dice.Say($"[Name|List|Give me|Tell me|Can you name|Write down] [{count}|{Numbers.Name(count)}] {kind}[.||, please.]"), Words.Capital(Words.Listed(members[..count])) + ".");
        }
        string[] items = dice.Some(Words.All, dice.Number(2, 6));
        return new Ask(dice.Say($"[Make a list of|Write a list of|Make a list|Write these as a list]: {(dice.Chance(0.5) ? Words.Listed(items) : string.Join(", ", items))}"), string.Join('\n', items.Select(item => "- " + item)));
    }

    /// <summary>The first or the last word, the first letter.</summary>
    public static Ask Pick(Dice dice)
    {
        string text = Phrase(dice, 2, 7);
        string[] words = text.Split(' ');
        return dice.Number(0, 3) switch
        {
            0 => new Ask(dice.Say($"[What is the first word|Which word comes first|First word]: {text}"), words[0]),
            1 => new Ask(dice.Say($"[What is the last word|Which word comes last|Last word]: {text}"), words[^1]),
            2 => new Ask(dice.Say($"[Which letter does|What letter does] \"{words[0]}\" [begin with|start with]?"), Words.Capital(words[0]) + " begins with " + char.ToUpperInvariant(words[0][0]) + "."),
            _ => new Ask(dice.Say($"[Repeat this|Say this|Repeat after me|Copy this]: {text}"), text),
        };
    }

    private static string Phrase(Dice dice, int least, int most)
    {
        if (dice.Chance(0.3) && least <= 3 && most >= 3) return $"the {dice.One(dice.Chance(0.5) ? Words.Adjectives : Words.Colours)} {dice.One(Words.Things)}";
        return string.Join(' ', dice.Some(Words.All, dice.Number(least, most)));
    }
}
