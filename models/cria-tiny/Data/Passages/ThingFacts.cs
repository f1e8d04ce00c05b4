namespace Cria.TinyData.Passages;

/// <summary>What a passage can say about things, events, and what people did.</summary>
internal static class ThingFacts
{
    private static readonly string[] Times =
    [
        .. Words.Weekdays.Select(day => "on " + day), .. Words.Months.Select(month => "in " + month),
        .. Enumerable.Range(1, 12).Select(hour => FormattableString.Invariant($"at {hour} o'clock")),
    ];

    /// <summary>A thing's colour or material.</summary>
    public static Fact Look(Scene scene)
    {
        string thing = scene.New(Words.Things);
        if (scene.Dice.Chance(0.4))
        {
            string material = scene.New(Words.Materials);
            return new Fact([scene.Say($"The {thing} is [|all |only ]made of {material}.")],
            [
                new Ask($"What is the {thing} made of?", $"The {thing} is made of {material}."),
                new Ask(scene.Say($"[What|Which thing] is made of {material}?"), $"The {thing} is made of {material}."),
            ]);
        }
        string colour = scene.New(Words.Colours), other = scene.Other(Words.Colours);
        return new Fact([scene.Say($"[The {thing} is {colour}|There is {Words.A(colour)} {thing}|Everybody knows the {colour} {thing}|The colour of the {thing} is {colour}].")],
        [
            new Ask(scene.Say($"[What colour is the {thing}|Which colour does the {thing} have|What is the colour of the {thing}]?"), $"The {thing} is {colour}."),
            scene.Dice.Chance(0.5) ? new Ask($"Is the {thing} {colour}?", $"Yes, the {thing} is {colour}.") : new Ask($"Is the {thing} {other}?", $"No, the {thing} is {colour}."),
        ]);
    }

    /// <summary>Where a thing lies.</summary>
    public static Fact Spot(Scene scene)
    {
        string thing = scene.New(Words.Things), spot = scene.New(Words.Spots);
        return new Fact([scene.Say($"[The {thing} is|The {thing} lies|Somebody put the {thing}|You can find the {thing}|The {thing} was left] {spot}.")],
        [
            new Ask(scene.Say($"Where [is the {thing}|can I find the {thing}|should I look for the {thing}]?"), $"The {thing} is {spot}."),
            new Ask($"What is {spot}?", $"The {thing} is {spot}."),
        ]);
    }

    /// <summary>How many of something are somewhere.</summary>
    public static Fact Heap(Scene scene)
    {
        string things = scene.New(Words.Countables), spot = scene.New(Words.Spots), number = scene.NewNumber(2, 40);
        return new Fact([scene.Say($"There are [|exactly ]{number} {things} {spot}.")],
        [
            new Ask(scene.Say($"How many {things} are [there|{spot}|there {spot}]?"), $"There are {number} {things} {spot}."),
            new Ask($"Where are the {things}?", $"The {things} are {spot}."),
        ]);
    }

    /// <summary>When something takes place.</summary>
    public static Fact Event(Scene scene)
    {
        string name = scene.New(Words.Events), when = scene.New(Times);
        return new Fact([scene.Say($"The {name} [is|starts|begins|will be|takes place] {when}.")],
        [
            new Ask(scene.Say($"When [is the {name}|does the {name} start|does the {name} begin|will the {name} be]?"), $"The {name} is {when}."),
            new Ask($"What is {when}?", $"The {name} is {when}."),
        ]);
    }

    /// <summary>One person gives a thing to another.</summary>
    public static Fact Gift(Scene scene, Person giver, Person taker)
    {
        string thing = scene.New(Words.Things);
        return new Fact([scene.Say($"{giver.Name} [gave|handed|brought|sent] [{taker.Name} the {thing}|the {thing} to {taker.Name}].")],
        [
            new Ask(scene.Say($"Who gave [{taker.Name} the {thing}|the {thing} to {taker.Name}|away the {thing}]?"), $"{giver.Name} gave {taker.Name} the {thing}."),
            new Ask(scene.Say($"Who has the {thing}[| now]?"), $"{taker.Name} has the {thing}."),
            new Ask(scene.Say($"What did {giver.Name} give [to {taker.Name}|{taker.Name}]?"), $"{giver.Name} gave {taker.Name} the {thing}."),
        ]);
    }

    /// <summary>Three things somebody did, one after another.</summary>
    public static Fact Order(Scene scene, Person who)
    {
        string[] done = [scene.New(Words.Tasks), scene.New(Words.Tasks), scene.New(Words.Tasks)];
        return new Fact(
        [
            scene.Say($"[First|First of all|In the morning|At first], {who.Name} {done[0]}."),
            scene.Say($"[Then|After that|Next|Later], {who.She} {done[1]}."),
            scene.Say($"[Last|At last|Finally|In the end], {who.She} {done[2]}."),
        ],
        [
            new Ask(scene.Say($"[What happened first|What did {who.Name} do first]?"), $"First, {who.Name} {done[0]}."),
            new Ask(scene.Say($"[What happened last|What did {who.Name} do last|What did {who.Name} do in the end]?"), $"Last, {who.Name} {done[2]}."),
            new Ask(scene.Say($"[What happened second|What did {who.Name} do second]?"), $"Second, {who.Name} {done[1]}."),
            new Ask($"Who {scene.Dice.One(done)}?", $"{who.Name} did."),
        ]);
    }
}
