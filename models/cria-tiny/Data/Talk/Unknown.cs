using Cria.TinyData.Knowledge;

namespace Cria.TinyData.Talk;

/// <summary>Questions that nobody told the model the answer of.</summary>
internal sealed class Unknown : ISkill
{
    private const string Answer = "I don't know that. I am a very small model, and nobody told me.";

    private readonly string[] forms = [.. Words.Lines("unknown").Where(line => line.Length > 0)];

    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        int count = isTest || dice.Chance(0.5) ? 1 : dice.Number(2, 3);
        return Sample.Closed("don't know", [.. Enumerable.Range(0, count).Select(_ => Typing.Sloppy(dice, new Ask(Fill(dice, dice.One(forms)), Answer)))]);
    }

    private static string Fill(Dice dice, string form)
    {
        string[] cities = [.. dice.Some(Words.Capitals, 2).Select(pair => pair.City)];
        string filled = dice.Say(form)
            .Replace("{day}", dice.One(Words.Weekdays), StringComparison.Ordinal).Replace("{town}", cities[0], StringComparison.Ordinal).Replace("{country}", dice.One(Words.Capitals).Country, StringComparison.Ordinal).Replace("{town2}", cities[1], StringComparison.Ordinal)
            .Replace("{name}", dice.One(dice.Chance(0.5) ? Words.Girls : Words.Boys), StringComparison.Ordinal).Replace("{last}", Words.Invented(dice), StringComparison.Ordinal)
            .Replace("{last2}", Words.Invented(dice).ToLowerInvariant(), StringComparison.Ordinal).Replace("a {thing}", Words.A(dice.One(Words.Things)), StringComparison.Ordinal)
            .Replace("{thing}", dice.One(Words.Things), StringComparison.Ordinal).Replace("{things}", dice.One(Words.Countables), StringComparison.Ordinal)
            .Replace("a {animal}", Words.A(dice.One(Words.Animals)), StringComparison.Ordinal).Replace("{animal}", dice.One(Words.Animals), StringComparison.Ordinal)
            .Replace("{place}", dice.One(Words.Places).Split(' ')[^1], StringComparison.Ordinal);
        while (filled.Contains("  ", StringComparison.Ordinal)) filled = filled.Replace("  ", " ", StringComparison.Ordinal);
        return filled.Replace(" ?", "?", StringComparison.Ordinal).Replace(" .", ".", StringComparison.Ordinal);
    }
}
