namespace Cria.TinyData;

/// <summary>Numbers in text.</summary>
internal static class Numbers
{
    private static readonly string[] Names =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    ];

    /// <summary>The number's name, 0 to 20.</summary>
    public static string Name(int number) => Names[number];

    /// <summary>A number as a word or in digits.</summary>
    public static string Text(Dice dice, int least, int most)
    {
        int number = dice.Number(least, most);
        return number < Names.Length && dice.Chance(0.6) ? Names[number] : FormattableString.Invariant($"{number}");
    }
}
