namespace Cria.TinyData.Stories;

/// <summary>Who and what a story has.</summary>
internal sealed class Cast
{
    private readonly bool isAnimal, isNamed;
    private readonly string animal, job, trait, she;

    /// <summary>Chooses everything; what is asked for is kept.</summary>
    public Cast(Dice dice, string? animal = null, string? thing = null, Person? person = null)
    {
        Dice = dice;
        isAnimal = animal is not null || (person is null && dice.Chance(0.4));
        this.animal = animal ?? dice.One(Words.Animals);
        job = dice.One(Words.Jobs);
        trait = dice.One("little", "young", "kind", "clever", "brave", "shy", "cheerful", "curious", "quiet", "friendly", "patient", "poor", "happy", "lonely");
        bool isGirl = person is null ? dice.Chance(0.5) : person.She == "she";
        string name = person?.Name ?? (dice.Chance(0.15) ? Words.Invented(dice) : dice.One(isGirl ? Words.Girls : Words.Boys));
        isNamed = !isAnimal || dice.Chance(0.5);
        Hero = isNamed ? name : "the " + this.animal;
        she = isNamed ? isGirl ? "she" : "he" : "it";
        Hers = isNamed ? isGirl ? "her" : "his" : "its";
        Her = isNamed ? isGirl ? "her" : "him" : "it";
        Home = dice.One("in a small house by the river", "at the edge of the forest", "in a village by the sea", "on a green hill", "in an old mill", "near a quiet lake", "in a tall tower", "in a little town",
            "behind the old bridge", "in a hut in the mountains", "on a small island", "in a garden full of roses", "under a big oak", "in the middle of the valley", "beside the windmill");
        Colour = dice.One(Words.Colours);
        Thing = thing ?? dice.One(Words.Things);
        string helper;
        do helper = dice.One(Words.Animals); while (helper == this.animal);
        string helperName;
        do helperName = dice.One(dice.Chance(0.5) ? Words.Girls : Words.Boys); while (helperName == name);
        string helperJob;
        do helperJob = dice.One(Words.Jobs); while (helperJob == job);
        Helper = dice.One("the old " + helper, "the " + helperJob, helperName, "the " + helper);
        AHelper = Helper.StartsWith("the ", StringComparison.Ordinal) ? Words.A(Helper[4..]) : Helper;
        Place = dice.One(Words.Places);
        Spot = dice.One(Words.Spots);
        Food = dice.One(Words.Foods);
    }

    public Dice Dice { get; }
    public string Hero { get; }
    public string She => she;
    public string Her { get; }
    public string Hers { get; }
    public string Home { get; }
    public string Colour { get; }
    public string Thing { get; }
    public string Helper { get; }
    public string AHelper { get; }
    public string Place { get; }
    public string Spot { get; }
    public string Food { get; }

    /// <summary>The hero at the beginning of a sentence.</summary>
    public string BigHero => Words.Capital(Hero);

    /// <summary>The helper at the beginning of a sentence.</summary>
    public string BigHelper => Words.Capital(Helper);

    /// <summary>She, He or It.</summary>
    public string BigShe => Words.Capital(she);

    /// <summary>The hero, when first spoken of inside a sentence.</summary>
    public string AHero => isAnimal ? isNamed ? $"a {trait} {animal} called {Hero}" : $"a {trait} {animal}" : $"a {trait} {job} called {Hero}";

    /// <summary>The hero, when first spoken of at the beginning of a sentence.</summary>
    public string Intro => isNamed ? isAnimal ? $"{Hero} the {animal}" : $"{Hero} the {job}" : $"A {trait} {animal}";

    /// <summary>The thing, when first spoken of.</summary>
    public string AThing => $"{Words.A(Colour)} {Thing}";

    /// <summary>Who had what comes next.</summary>
    public string HeroHad => Dice.One($"{BigShe} had", $"{BigHero} had", $"{BigShe} owned");

    /// <summary>Ends the sentence about the thing.</summary>
    public string Loved => Dice.One(".", $" and loved it very much.", $" and took it everywhere.", $", which was [very old|a gift|{Hers} greatest treasure].", $" and was proud of it.");
}
