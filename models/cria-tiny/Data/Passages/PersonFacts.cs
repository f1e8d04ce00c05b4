namespace Cria.TinyData.Passages;

/// <summary>What a passage can say about one person. Each kind has one answer for a question, whatever the question's form.</summary>
internal static class PersonFacts
{
    private static readonly string[] Clothes = ["hat", "coat", "scarf", "shirt", "jacket", "cape", "belt", "helmet", "cap", "apron"];
    private static readonly string[] Towns = [.. Words.Capitals.Select(pair => pair.City)];

    /// <summary>Every kind, so that a person does not get the same twice.</summary>
    public static readonly Func<Scene, Person, string, Fact>[] Kinds = [Place, Job, Likes, Count, Age, Pet, Wears, From, Owns];

    private static Fact Place(Scene scene, Person who, string subject)
    {
        string place = scene.New(Words.Places);
        if (scene.Dice.Chance(0.4)) return Journey(scene, who, subject, place);
        string other = scene.Other(Words.Places), answer = $"{who.Name} is {place}.";
        return new Fact([scene.Say($"{subject} [is|is now|sits|is waiting|stands|is resting] {place}.")],
        [
            new Ask(scene.Say($"[Where is {who.Name}|Where is {who.Name} now|Where can I find {who.Name}|Where would you look for {who.Name}]?"), answer),
            scene.Dice.Chance(0.5) ? new Ask($"Is {who.Name} {place}?", $"Yes, {who.Name} is {place}.") : new Ask($"Is {who.Name} {other}?", $"No, {who.Name} is {place}."),
            new Ask(scene.Say($"[Who is {place}|Who can be found {place}]?"), answer),
        ]);
    }

    private static Fact Journey(Scene scene, Person who, string subject, string before)
    {
        string now = scene.New(Words.Places);
        return new Fact(
        [
            scene.Say($"{subject} was {before} [in the morning|before|at first|an hour ago|yesterday]."),
            scene.Say($"[Now|At this moment|Today] {who.She} is {now}."),
        ],
        [
            new Ask(scene.Say($"[Where is {who.Name}|Where is {who.Name} now|Where can I find {who.Name}]?"), $"{who.Name} is {now}."),
            new Ask(scene.Say($"Where was {who.Name}[| before| earlier]?"), $"{who.Name} was {before}."),
        ]);
    }

    private static Fact Job(Scene scene, Person who, string subject)
    {
        string job = scene.New(Words.Jobs), a = Words.A(job);
        return new Fact([scene.Say($"{subject} [is|works as] {a}.")],
        [
            new Ask(scene.Say($"[What is {who.Name}'s job|What does {who.Name} do for a living|What does {who.Name} work as|What is the job of {who.Name}]?"), $"{who.Name} is {a}."),
            new Ask(scene.Say($"Who [is the {job}|works as {a}|is {a}]?"), $"{who.Name} is the {job}."),
        ]);
    }

    private static Fact Likes(Scene scene, Person who, string subject)
    {
        string food = scene.New(Words.Foods);
        return new Fact([scene.Say($"{subject} [likes|loves|likes to eat|loves to eat] {food}.")],
        [
            new Ask(scene.Say($"[What does {who.Name} like|What does {who.Name} like to eat|Which food does {who.Name} like]?"), $"{who.Name} likes {food}."),
            new Ask(scene.Say($"Who likes [|to eat ]{food}?"), $"{who.Name} likes {food}."),
        ]);
    }

    private static Fact Count(Scene scene, Person who, string subject)
    {
        string things = scene.New(Words.Countables), number = scene.NewNumber(2, 40);
        return new Fact([scene.Say($"{subject} [has|has got|has exactly|owns] {number} {things}.")],
        [
            new Ask(scene.Say($"How many {things} does {who.Name} [have|own]?"), $"{who.Name} has {number} {things}."),
            new Ask(scene.Say($"Who has [the|{number}] {things}?"), $"{who.Name} has {number} {things}."),
        ]);
    }

    private static Fact Age(Scene scene, Person who, string subject)
    {
        string years = scene.NewNumber(5, 95) + " years old";
        return new Fact([scene.Say($"{subject} is {years}[| now| today].")],
        [
            new Ask(scene.Say($"[How old is {who.Name}|What is {who.Name}'s age|What is the age of {who.Name}]?"), $"{who.Name} is {years}."),
            new Ask($"Who is {years}?", $"{who.Name} is {years}."),
        ]);
    }

    private static Fact Pet(Scene scene, Person who, string subject)
    {
        string pet = scene.New(Words.Pets), name = scene.NewName(Words.PetNames, 0.2);
        return new Fact([scene.Say($"{subject} has {Words.A(pet)} [called|named|with the name] {name}.")],
        [
            new Ask(scene.Say($"What is [the name of {who.Name}'s {pet}|{who.Name}'s {pet} called|the {pet} called|the {pet}'s name]?"), $"The {pet} is called {name}."),
            new Ask(scene.Say($"[What|Which] animal does {who.Name} have?"), $"{who.Name} has {Words.A(pet)}."),
            new Ask(scene.Say($"Who [has|owns] [the {pet}|{Words.A(pet)}|{name}]?"), $"{who.Name} has the {pet}."),
        ]);
    }

    private static Fact Wears(Scene scene, Person who, string subject)
    {
        string colour = scene.New(Words.Colours), wear = scene.New(Clothes);
        return new Fact([scene.Say($"{subject} [wears|is wearing|has put on] {Words.A(colour)} {wear}.")],
        [
            new Ask($"What colour is {who.Name}'s {wear}?", $"{who.Name}'s {wear} is {colour}."),
            new Ask(scene.Say($"What [is {who.Name} wearing|does {who.Name} wear]?"), $"{who.Name} wears {Words.A(colour)} {wear}."),
            new Ask(scene.Say($"Who [wears|is wearing] the [|{colour} ]{wear}?"), $"{who.Name} wears the {colour} {wear}."),
        ]);
    }

    private static Fact From(Scene scene, Person who, string subject)
    {
        string town = scene.NewName(Towns, 0.5);
        return new Fact([scene.Say($"{subject} [comes from|is from|grew up in] {town}.")],
        [
            new Ask(scene.Say($"[Which town does {who.Name} come from|Where does {who.Name} come from|Where is {who.Name} from]?"), $"{who.Name} comes from {town}."),
            new Ask(scene.Say($"Who [comes|is] from {town}?"), $"{who.Name} comes from {town}."),
        ]);
    }

    private static Fact Owns(Scene scene, Person who, string subject)
    {
        string thing = scene.New(Words.Things), colour = scene.New(Words.Colours);
        return new Fact([scene.Say($"{subject} [has|owns|carries|holds|has found|has bought] {Words.A(colour)} {thing}.")],
        [
            new Ask(scene.Say($"Who has the [|{colour} ]{thing}?"), $"{who.Name} has the {thing}."),
            new Ask(scene.Say($"What colour is [the {thing}|{who.Name}'s {thing}]?"), $"The {thing} is {colour}."),
        ]);
    }
}
