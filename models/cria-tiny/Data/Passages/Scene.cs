namespace Cria.TinyData.Passages;

/// <summary>The choices of one passage: nothing is chosen twice in it, so that every question about it has one answer.</summary>
/// <param name="dice">Decides everything.</param>
/// <param name="words">Words of each list that may be chosen, the first ones, and numbers of each range; null for all. Where there is such a bound no names are made up, and all people are girls.</param>
internal sealed class Scene(Dice dice, int? words = null)
{
    private readonly HashSet<string> used = new(StringComparer.Ordinal);

    /// <summary>The choices that may repeat.</summary>
    public Dice Dice => dice;

    /// <summary>One of the choices that the passage does not have yet.</summary>
    public string New(IReadOnlyList<string> choices)
    {
        string chosen;
        do chosen = One(choices); while (!used.Add(chosen));
        return chosen;
    }

    /// <summary>One of the choices that the passage does not have, and may get later.</summary>
    public string Other(IReadOnlyList<string> choices)
    {
        string chosen;
        do chosen = One(choices); while (used.Contains(chosen));
        return chosen;
    }

    /// <summary>A name nobody else has.</summary>
    public string NewName(IReadOnlyList<string> known, double invented)
    {
        string name;
        do name = words is null && dice.Chance(invented) ? Words.Invented(dice) : One(known); while (!used.Add(name));
        return name;
    }

    /// <summary>A number as a word or in digits that no other sentence has.</summary>
    public string NewNumber(int least, int most)
    {
        int number;
        do number = dice.Number(least, words is { } bound ? Math.Min(most, least + bound - 1) : most); while (!used.Add(FormattableString.Invariant($"{number}")));
        return number <= 20 && dice.Chance(0.6) ? Numbers.Name(number) : FormattableString.Invariant($"{number}");
    }

    /// <summary>Somebody new.</summary>
    public Person NewPerson()
    {
        bool isGirl = words is not null || dice.Chance(0.5);
        string name = NewName(isGirl ? Words.Girls : Words.Boys, 0.15);
        return isGirl ? new Person(name, "she", "her", "her") : new Person(name, "he", "him", "his");
    }

    /// <summary>One form of a sentence.</summary>
    public string Say(string form) => dice.Say(form);

    private string One(IReadOnlyList<string> choices) => choices[dice.Number(0, Math.Min(choices.Count, words ?? choices.Count) - 1)];
}
