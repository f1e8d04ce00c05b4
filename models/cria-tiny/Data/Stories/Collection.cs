namespace Cria.TinyData.Stories;

/// <summary>Many stories one after the other: long texts of which every word is learnt.</summary>
/// <param name="letters">Length of a text.</param>
internal sealed class Collection(int letters) : ISkill
{
    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        List<string> stories = [];
        for (int length = 0; length < letters; length += stories[^1].Length) stories.Add(Story.Write(dice).Text);
        return Sample.OfText("stories", string.Join("\n\n", stories));
    }
}
