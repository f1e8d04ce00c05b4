using Cria.TinyData.Knowledge;

namespace Cria.TinyData.Talk;

/// <summary>Polite conversation, and remembering over several turns what the other one said.</summary>
internal sealed class Chat : ISkill
{
    private static readonly string[] Liked = ["animal", "fruit", "colour", "food", "day", "month"];

    private readonly Answers answers = new("chat");
    private readonly Answers about = new("about-cria");

    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        if (dice.Chance(isTest ? 0.5 : 0.4)) return Remember(dice, isTest);
        if (isTest || dice.Chance(0.4))
        {
            return Sample.Closed("chat", Typing.Sloppy(dice, answers.Next(dice, !isTest)));
        }
        Ask[] turns = [.. Enumerable.Range(0, dice.Number(2, 5)).Select(_ => Typing.Sloppy(dice, (dice.Chance(0.7) ? answers : about).Next(dice, true)))];
        return Sample.Closed("chat", turns);
    }

    /// <summary>The other one tells a name, a liking, an age; later turns ask for it again.</summary>
    private Sample Remember(Dice dice, bool isTest)
    {
        string name = new Passages.Scene(dice).NewPerson().Name, kind = dice.One(Liked), town = dice.Chance(0.5) ? Words.Invented(dice) : dice.One(Words.Capitals).City;
        string liked = dice.One(kind switch
        {
            "animal" => Words.Animals,
            "fruit" => Words.Fruits,
            "colour" => Words.Colours,
            "food" => Words.Foods,
            "day" => Words.Weekdays,
            _ => Words.Months,
        });
        int age = dice.Number(5, 95);
        (Ask Tell, Ask Ask)[] all =
        [
            (new Ask(dice.Say($"[My name is {name}.|I am {name}.|I'm {name}.|Hello, my name is {name}.|Hi, I am {name}.|You can call me {name}.|I am called {name}.]"), $"Nice to meet you, {name}!"),
                new Ask(dice.Say("[What is my name?|What's my name?|Do you remember my name?|Who am I?|Do you know my name?|Tell me my name.]"), $"Your name is {name}.")),
            (new Ask(dice.Say($"[My favourite {kind} is {liked}.|I like one {kind} best: {liked}.|The {kind} I like most is {liked}.]"), $"{Words.Capital(liked)} is a good choice."),
                new Ask(dice.Say($"[What is my favourite {kind}?|Which {kind} do I like best?|What's my favourite {kind}?|Do you remember my favourite {kind}?]"), $"Your favourite {kind} is {liked}.")),
            (new Ask(dice.Say($"[I am {age} years old.|I'm {age} years old.|My age is {age}.]"), $"{age} is a good age."),
                new Ask(dice.Say("[How old am I?|What is my age?|Do you remember how old I am?]"), $"You are {age} years old.")),
            (new Ask(dice.Say($"[I live in {town}.|I come from {town}.|I am from {town}.]"), $"I hope {town} is a nice place."),
                new Ask(dice.Say("[Where do I live?|Where do I come from?|Where am I from?|Which town am I from?]"), $"You are from {town}.")),
        ];
        (Ask Tell, Ask Ask)[] told = dice.Some(all, dice.Number(1, 3));
        List<Ask> turns = [.. told.Select(pair => pair.Tell)];
        Ask? between = dice.Chance(0.4) ? answers.Next(dice, false) : null;
        if (between is not null) turns.Add(between);
        turns.AddRange(dice.Shuffled(told).Take(isTest ? 1 : told.Length).Select(pair => pair.Ask));
        Sample sample = Sample.Open("chat", turns);
        // What stands between may be asked alone too.
        return between is null ? sample : sample with { Keys = [.. sample.Keys, between.Question] };
    }
}
