namespace Cria.TinyData.Knowledge;

/// <summary>A file of answers with the forms of their questions: a line <c>= answer</c>, then one form a line; a form that begins with <c>!</c> is plain: always part of training.</summary>
internal sealed class Answers
{
    /// <summary>The files of this form.</summary>
    public static readonly string[] Lists = ["about-cria", "common", "chat"];

    private readonly List<(string Answer, List<string> Plain, List<string> Forms)> entries = [];

    /// <summary>Reads a word list of this form.</summary>
    public Answers(string list)
    {
        foreach (string line in Words.Lines(list))
        {
            if (line.StartsWith("= ", StringComparison.Ordinal)) entries.Add((line[2..], [], []));
            else if (line.StartsWith('!')) entries[^1].Plain.Add(line[1..]);
            else if (line.Length > 0) entries[^1].Forms.Add(line);
        }
    }

    /// <summary>One question, plain ones in a third of the cases where they may come.</summary>
    public Ask Next(Dice dice, bool mayBePlain)
    {
        (string answer, List<string> plain, List<string> forms) = dice.One(entries);
        bool isPlain = mayBePlain && plain.Count > 0 && dice.Chance(0.35);
        return new Ask(dice.Say(dice.One(isPlain ? plain : forms)), answer);
    }
}
