namespace Cria.TinyData.Knowledge;

/// <summary>Questions whose answers stand in one file.</summary>
internal sealed class AnswerSkill(string skill, string list) : ISkill
{
    private readonly Answers answers = new(list);

    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        return Sample.Closed(skill, Typing.Sloppy(dice, answers.Next(dice, !isTest)));
    }
}
