namespace Cria.TinyData.Stories;

/// <summary>A short story that holds together: the same people and things from its first sentence to its last.</summary>
/// <param name="Text">The story.</param>
/// <param name="Hero">Who it is about.</param>
/// <param name="Thing">What it is about.</param>
/// <param name="Asks">Questions that it answers.</param>
internal sealed record Story(string Text, string Hero, string Thing, IReadOnlyList<Ask> Asks)
{
    private static readonly Func<Cast, Plot>[] Plots = [Plot.Lost, Plot.Wish, Plot.Storm, Plot.Broken, Plot.Shared, Plot.Afraid, Plot.Found, Plot.Contest];

    /// <summary>Writes one.</summary>
    public static Story Write(Dice dice) => Write(dice, new Cast(dice));

    /// <summary>Writes one with this cast.</summary>
    public static Story Write(Dice dice, Cast cast)
    {
        Plot plot = dice.One(Plots)(cast);
        string text = dice.Say(string.Join(' ', [Opening(cast), .. plot.Sentences, Ending(cast)]));
        Ask[] asks =
        [
            .. plot.Asks,
            new Ask(dice.Say("Who is the story about?"), $"The story is about {cast.Hero}."),
            new Ask(dice.Say($"[Where did {cast.Hero} live|Where was {cast.Hero}'s home]?"), $"{cast.BigHero} lived {cast.Home}."),
            new Ask(dice.Say($"What colour was the {cast.Thing}?"), $"The {cast.Thing} was {cast.Colour}."),
        ];
        return new Story(text, cast.Hero, cast.Thing, asks);
    }

    private static string Opening(Cast c) => c.Dice.One(
        $"Once upon a time, {c.AHero} lived {c.Home}. {c.HeroHad} {c.AThing}{c.Loved}",
        $"{c.Intro} lived {c.Home}. {c.HeroHad} {c.AThing}{c.Loved}",
        $"Long ago, {c.AHero} lived {c.Home}. {c.HeroHad} {c.AThing}{c.Loved}",
        $"There once was {c.AHero} who lived {c.Home}. {c.HeroHad} {c.AThing}{c.Loved}");

    private static string Ending(Cast c) => c.Dice.One(
        $"From that day on, {c.Hero} and {c.Helper} were [good|the best of|close] friends.",
        $"That night, {c.Hero} [slept well|smiled in {c.Hers} sleep|was too happy to sleep].",
        $"And so the [day|long day] ended well for [both of them|{c.Hero} and {c.Helper}].",
        $"{c.BigHero} [never forgot|always remembered] [that day|what {c.Helper} had done].",
        $"In the evening they [sat by the fire|shared some {c.Food}|looked at the stars] and [laughed|sang|talked] [for a long time|until late].",
        $"{c.BigHero} learned that [a good friend is worth more than gold|it helps to ask|small steps lead far|it is good to share|one must not give up].");
}
