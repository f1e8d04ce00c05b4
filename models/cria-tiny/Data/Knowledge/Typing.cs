namespace Cria.TinyData.Knowledge;

/// <summary>How people type: in small letters, without the last mark.</summary>
internal static class Typing
{
    /// <summary>Some questions typed so.</summary>
    public static Ask Sloppy(Dice dice, Ask ask)
    {
        string question = ask.Question;
        if (dice.Chance(0.15)) question = question.TrimEnd('.', '?', '!');
        if (dice.Chance(0.15)) question = question.ToLowerInvariant();
        return ask with { Question = question };
    }
}
