using Cria.TinyData.Passages;

namespace Cria.TinyData.Stories;

/// <summary>Stories: as plain texts, and told on request about what the request names.</summary>
internal sealed class StoryTelling : ISkill
{
    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        if (dice.Chance(0.35)) return Sample.OfText("story", Story.Write(dice).Text);
        string animal = dice.One(Words.Animals), thing = dice.One(Words.Things);
        Person person = new Scene(dice).NewPerson();
        string told = dice.Say("[Tell me|Write|Please tell me|Can you tell me|I want] a [story|short story|little story]");
        (string request, Cast cast) = dice.Number(0, 4) switch
        {
            0 => (told, new Cast(dice)),
            1 => ($"{told} about {Words.A(animal)}", new Cast(dice, animal: animal)),
            2 => ($"{told} about {person.Name}", new Cast(dice, person: person)),
            3 => ($"{told} about {Words.A(animal)} and {Words.A(thing)}", new Cast(dice, animal: animal, thing: thing)),
            _ => ($"{told} about {person.Name} and {Words.A(thing)}", new Cast(dice, thing: thing, person: person)),
        };
        Story story = Story.Write(dice, cast);
        Ask first = new(request + dice.Say("[.||, please.]"), story.Text);
        // The story decides the split, since the request may be the same for many.
        return new Sample("story") { Keys = [story.Text], Turns = dice.Chance(0.3) ? [first, dice.One(story.Asks)] : [first] };
    }
}
