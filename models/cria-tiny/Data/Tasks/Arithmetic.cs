namespace Cria.TinyData.Tasks;

/// <summary>
/// Small sums: addition and subtraction up to 20 + 20, multiplication up to 10 × 10, neighbours, larger and smaller, word problems.
/// One pair of numbers in twenty is in no question of training, in any form; with <c>unseen</c> only these are asked.
/// </summary>
internal sealed class Arithmetic(bool unseen = false) : ISkill
{
    /// <inheritdoc/>
    public Sample Next(Dice dice, bool isTest)
    {
        if (unseen) return Sample.Open("arithmetic, pairs never shown", Sum(dice));
        int count = isTest || dice.Chance(0.2) ? 1 : dice.Number(2, 8);
        return Sample.Closed("arithmetic", [.. Enumerable.Range(0, count).Select(_ => One(dice))]);
    }

    private Ask One(Dice dice) => dice.Number(0, 9) switch
    {
        0 => Neighbour(dice),
        1 => Larger(dice),
        2 or 3 => Problem(dice),
        _ => Sum(dice),
    };

    private static string Put(Dice dice, string sum) => dice.Say($"[What is {sum}?|{sum} = ?|{sum}|How much is {sum}?|Calculate {sum}.|Tell me {sum}.|What does {sum} make?|Compute {sum}|What's {sum}?|{sum}=]");

    private Ask Sum(Dice dice)
    {
        (int a, char sign, int b, int result) = Pair(dice, '?');
        string word = sign switch { '+' => "plus", '-' => "minus", _ => "times" };
        string sum = dice.Chance(0.25) ? $"{a} {word} {b}" : dice.Chance(0.15) ? $"{a}{sign}{b}" : $"{a} {sign} {b}";
        return new Ask(Put(dice, sum), $"{a} {sign} {b} = {result}");
    }

    private Ask Problem(Dice dice)
    {
        Person who = new Passages.Scene(dice).NewPerson();
        string things = dice.One(Words.Countables);
        bool isMore = dice.Chance(0.5);
        (int a, char sign, int b, int result) = Pair(dice, isMore ? '+' : '-');
        string story = isMore
            ? dice.Say($"{who.Name} has {a} {things} and [gets|finds|buys] {b} more.")
            : dice.Say($"{who.Name} has {a} {things} and [loses|sells|gives away] {b} of them.");
        return new Ask(story + dice.Say($" How many {things} does {who.Name} have [now|then]?"), $"{a} {sign} {b} = {result}, so {who.Name} has {result} {things}.");
    }

    private static Ask Neighbour(Dice dice)
    {
        int number = dice.Number(1, 98);
        return dice.Chance(0.5)
            ? new Ask(dice.Say($"[What|Which number] comes after {number}?"), $"{number + 1} comes after {number}.")
            : new Ask(dice.Say($"[What|Which number] comes before {number}?"), $"{number - 1} comes before {number}.");
    }

    private static Ask Larger(Dice dice)
    {
        int a = dice.Number(0, 99), b;
        do b = dice.Number(0, 99); while (b == a);
        return dice.Chance(0.5)
            ? new Ask(dice.Say($"[What|Which|Which number] is [larger|bigger|greater], {a} or {b}?"), $"{Math.Max(a, b)} is larger than {Math.Min(a, b)}.")
            : new Ask(dice.Say($"[What|Which|Which number] is [smaller|less], {a} or {b}?"), $"{Math.Min(a, b)} is smaller than {Math.Max(a, b)}.");
    }

    private (int A, char Sign, int B, int Result) Pair(Dice dice, char sign)
    {
        while (true)
        {
            char chosen = sign == '?' ? dice.One('+', '+', '-', '-', '*') : sign;
            (int a, int b) = chosen == '*' ? (dice.Number(0, 10), dice.Number(0, 10)) : (dice.Number(0, 20), dice.Number(0, 20));
            if (chosen == '-' && b > a) (a, b) = (b, a);
            bool isHeldOut = (a * 31 + b * 17 + chosen) % 20 == 7 && a > 2 && b > 2;
            if (isHeldOut == unseen) return (a, chosen, b, chosen switch { '+' => a + b, '-' => a - b, _ => a * b });
        }
    }
}
