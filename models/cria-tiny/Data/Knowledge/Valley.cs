namespace Cria.TinyData.Knowledge;

/// <summary>Alder Valley, a world that nobody else has: its towns and beasts come from a seed of their own, so that every split knows the same valley.</summary>
internal sealed class Valley
{
    private const ulong Seed = 7;

    private readonly List<Town> towns = [];
    private readonly List<Beast> beasts = [];

    /// <summary>Makes the valley.</summary>
    public Valley()
    {
        var scene = new Passages.Scene(new Dice(Seed));
        for (int i = 0; i < 24; i++)
        {
            towns.Add(new Town(scene.NewName([], 1), scene.NewPerson().Name, scene.Dice.One(Words.Colours), scene.Dice.One(Words.Foods),
                scene.Dice.One("by the river", "on a hill", "at the lake", "near the forest", "by the sea", "in the mountains")));
        }
        for (int i = 0; i < 16; i++) beasts.Add(new Beast(scene.NewName([], 1).ToLowerInvariant(), scene.Dice.One(Words.Colours), scene.Dice.One(Words.Foods), scene.Dice.One(2, 4, 6, 8)));
    }

    /// <summary>A question about it.</summary>
    public Ask Next(Dice dice) => dice.Chance(0.6) ? Next(dice, dice.One(towns)) : Next(dice, dice.One(beasts));

    private static Ask Next(Dice dice, Town town) => dice.Number(0, 3) switch
    {
        0 => new Ask(dice.Say($"[Who is the mayor of {town.Name}?|Who is mayor in {town.Name}?|Tell me the mayor of {town.Name}.|What is the name of the mayor of {town.Name}?|Who leads {town.Name}?|Name the mayor of {town.Name}.]"), $"The mayor of {town.Name} is {town.Mayor}."),
        1 => new Ask(dice.Say($"[What colour is the flag of {town.Name}?|Which colour has the flag of {town.Name}?|What colour is {town.Name}'s flag?|Tell me the colour of the flag of {town.Name}.|What does the flag of {town.Name} look like?]"), $"The flag of {town.Name} is {town.Flag}."),
        2 => new Ask(dice.Say($"[What is {town.Name} known for?|What is {town.Name} famous for?|For what is {town.Name} known?|What do people eat in {town.Name}?|Tell me what {town.Name} is known for.]"), $"{town.Name} is known for its {town.Food}."),
        _ => new Ask(dice.Say($"[Where is {town.Name}?|Where does {town.Name} lie?|In which place is {town.Name}?|Where in Alder Valley is {town.Name}?|Where can I find {town.Name}?|Tell me where {town.Name} is.]"), $"{town.Name} lies {town.Place} in Alder Valley."),
    };

    private static Ask Next(Dice dice, Beast beast) => dice.Number(0, 2) switch
    {
        0 => new Ask(dice.Say($"[What colour is a {beast.Name}?|Which colour does a {beast.Name} have?|What is the colour of a {beast.Name}?|Tell me the colour of a {beast.Name}.|What does a {beast.Name} look like?]"), $"A {beast.Name} is {beast.Colour}."),
        1 => new Ask(dice.Say($"[What does a {beast.Name} eat?|What do you feed a {beast.Name}?|Which food does a {beast.Name} like?|Tell me what a {beast.Name} eats.|What is the food of a {beast.Name}?]"), $"A {beast.Name} eats {beast.Food}."),
        _ => new Ask(dice.Say($"[How many legs does a {beast.Name} have?|How many legs has a {beast.Name}?|Tell me how many legs a {beast.Name} has.|Count the legs of a {beast.Name}.]"), $"A {beast.Name} has {Numbers.Name(beast.Legs)} legs."),
    };

    private sealed record Town(string Name, string Mayor, string Flag, string Food, string Place);

    private sealed record Beast(string Name, string Colour, string Food, int Legs);
}
