namespace Cria.TinyData.Knowledge;

/// <summary>Facts of the real world and of the made-up valley: definitions, capitals, opposites, calendar, and the towns and beasts of Alder Valley.</summary>
internal sealed class Facts : ISkill
{
    private readonly Answers common = new("common");
    private readonly Valley valley = new();

    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        int count = isTest || dice.Chance(0.3) ? 1 : dice.Number(2, 5);
        if (!isTest && dice.Chance(0.15)) return FollowUp(dice);
        return Sample.Closed("facts", [.. Enumerable.Range(0, count).Select(_ => Typing.Sloppy(dice, One(dice)))]);
    }

    private Ask One(Dice dice) => dice.Number(0, 9) switch
    {
        0 or 1 => Capital(dice, dice.One(Words.Capitals)),
        2 or 3 or 4 => Definition(dice),
        5 => Opposite(dice),
        6 => Calendar(dice),
        7 or 8 => valley.Next(dice),
        _ => common.Next(dice, true),
    };

    private static Ask Capital(Dice dice, (string Country, string City) pair) => dice.Chance(0.75)
        ? new Ask(dice.Say($"[What is the capital of {pair.Country}?|Which city is the capital of {pair.Country}?|Tell me the capital of {pair.Country}.|What's the capital of {pair.Country}?|Capital of {pair.Country}?|Name the capital of {pair.Country}.|Do you know the capital of {pair.Country}?|What is the capital city of {pair.Country}?]"),
            $"The capital of {pair.Country} is {pair.City}.")
        : new Ask(dice.Say($"[Which country is {pair.City} the capital of|{pair.City} is the capital of which country|Of which country is {pair.City} the capital]?"), $"{pair.City} is the capital of {pair.Country}.");

    private static Ask Definition(Dice dice)
    {
        (string word, string meaning) = dice.One(Words.Definitions);
        bool isBare = meaning.Split(' ')[0] is not ("a" or "an" or "the");
        string a = isBare || "bread cheese butter honey soup rice sugar salt tea coffee milk water wool silk paper glass iron gold silver wood clay quantization ice snow rain wind fog weather winter summer spring autumn memory context".Split(' ').Contains(word)
            ? word : word is "sun" or "moon" or "sea" ? "the " + word : Words.A(word);
        return new Ask(dice.Say($"[What is {a}?|What's {a}?|Tell me what {a} is.|Explain what {a} is.|Do you know what {a} is?|What does the word {word} mean?|Define {word}.|What is meant by {word}?|Can you tell me what {a} is?|Please explain: {word}]"), $"{Words.Capital(a)} is {meaning}.");
    }

    private static Ask Opposite(Dice dice)
    {
        (string left, string right) = dice.One(Words.Opposites);
        return new Ask(dice.Say($"[What is the opposite of {left}?|Tell me the opposite of {left}.|What's the opposite of {left}?|Which word is the opposite of {left}?|The opposite of {left}?|What is the contrary of {left}?|Name the opposite of {left}.|Do you know the opposite of {left}?]"), $"The opposite of {left} is {right}.");
    }

    private static Ask Calendar(Dice dice)
    {
        (string kind, string[] list) = dice.Chance(0.5) ? ("day", Words.Weekdays) : ("month", Words.Months);
        int i = dice.Number(0, list.Length - 1);
        return dice.Chance(0.5)
            ? new Ask(dice.Say($"[Which {kind}|What {kind}|What] [comes after|is after|follows] {list[i]}?"), $"{list[(i + 1) % list.Length]} comes after {list[i]}.")
            : new Ask(dice.Say($"[Which {kind}|What {kind}|What] [comes before|is before|is just before] {list[i]}?"), $"{list[(i + list.Length - 1) % list.Length]} comes before {list[i]}.");
    }

    /// <summary>A question that only the one before it explains.</summary>
    private static Sample FollowUp(Dice dice)
    {
        (string, string)[] pairs = dice.Some(Words.Capitals, dice.Number(2, 4));
        List<Ask> turns = [];
        foreach ((string country, string city) in pairs)
        {
            Ask ask = turns.Count == 0
                ? new Ask($"What is the capital of {country}?", "")
                : new Ask(dice.Say($"[And of {country}?|And what about {country}?|What about {country}?|And {country}?]"), "");
            turns.Add(ask with { Answer = $"The capital of {country} is {city}." });
        }
        return Sample.Closed("facts", turns);
    }
}
