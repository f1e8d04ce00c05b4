using System.Globalization;
using Cria.Tensors;

namespace Cria.Evaluation.Ruler;

/// <summary>RULER's variable tracking: a chain of assignments in noise, after an example with another; all variables of one value are asked for.</summary>
/// <param name="Name">Its name.</param>
public sealed record VariableTask(string Name) : RulerTask(Name, 30)
{
    private const string Template = "Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n{context}\nQuestion: Find all variables that are assigned the value {query} in the text above.";
    private const string Prefix = " Answer: According to the chain(s) of variable assignment in the text above, {num_v} variables are assigned the value {query}, they are: ";

    /// <summary>Most tokens of the example, and letters of its variables and of those asked for.</summary>
    private const int ExampleTokens = 500, ExampleLetters = 3, Letters = 5;

    /// <summary>Assignments after the first.</summary>
    public int HopCount { get; init; } = 4;

    /// <inheritdoc/>
    internal override int Step(int length) => length < 4096 ? 5 : 10;

    /// <inheritdoc/>
    internal override RulerText Make(int units, RulerDice dice, RulerContext context)
    {
        string example = Example(dice, context);
        RulerText asked = Chain(units, dice, Letters);
        return asked with { Input = $"{example}\n\n{asked.Input}" };
    }

    /// <summary>A question with its answer, as long as an example may be.</summary>
    private string Example(RulerDice dice, RulerContext context)
    {
        int units = HopCount + 1;
        // A line of noise has some 25 tokens; the example need only be near its bound.
        RulerText probe = Chain(units, dice, ExampleLetters);
        int one = Math.Max(1, context.CountTokens(Needles.Haystack.Sentences + "\n")), rest = context.CountTokens(Whole(probe)) - units * one;
        units = Math.Max(units, (ExampleTokens - rest) / one);
        for (; ; units--)
        {
            string example = Whole(Chain(units, dice, ExampleLetters));
            if (units <= HopCount + 1 || context.CountTokens(example) <= ExampleTokens) return example;
        }

        static string Whole(RulerText text) => $"{text.Input}{text.AnswerPrefix} {string.Join(' ', text.Outputs)}";
    }

    private RulerText Chain(int units, RulerDice dice, int letters)
    {
        if (units < HopCount + 1) throw new CriaException($"a chain of {HopCount + 1} assignments needs as many lines of noise; choose a longer context");
        var names = new List<string>();
        while (names.Count < HopCount + 1)
        {
            string name = dice.Capitals(letters);
            if (!names.Contains(name)) names.Add(name);
        }
        string value = dice.Number(10000, 99999).ToString(CultureInfo.InvariantCulture);
        string[] chain = [$"VAR {names[0]} = {value}", .. Enumerable.Range(1, HopCount).Select(i => $"VAR {names[i]} = VAR {names[i - 1]} ")];
        List<string> lines = [.. Enumerable.Repeat(Needles.Haystack.Sentences, units)];
        int[] places = [.. dice.Different(chain.Length, units).Order()];
        for (int i = 0; i < chain.Length; i++) lines.Insert(places[i] + i, chain[i]);
        string text = string.Join('\n', lines).Replace(". \n", ".\n", StringComparison.Ordinal);
        string count = (HopCount + 1).ToString(CultureInfo.InvariantCulture);
        return new RulerText(Template.Replace("{query}", value, StringComparison.Ordinal).Replace("{context}", text, StringComparison.Ordinal),
            Prefix.Replace("{num_v}", count, StringComparison.Ordinal).Replace("{query}", value, StringComparison.Ordinal), names);
    }
}
