using System.Globalization;

namespace Cria.Generation.Grammar;

/// <summary>The decimal spellings of the numbers in a range, without exponents.</summary>
internal static class NumberRange
{
    private const int MostDigits = 15;

    private static readonly Expression AnyDigit = Digit('0', '9');

    /// <summary>The integers from <paramref name="least"/> through <paramref name="most"/>, which are whole; null for no bound, which gives at least 15 digits.</summary>
    public static Expression Integers(decimal? least, decimal? most)
    {
        decimal low = least ?? Math.Min(-999_999_999_999_999m, (most ?? 0) - 999);
        decimal high = most ?? Math.Max(999_999_999_999_999m, low + 999);
        List<Expression> ways = [];
        if (low < 0)
            ways.Add(After("-", Whole(Math.Max(1, -Math.Min(high, -1)), -low)));
        if (high >= 0)
            ways.Add(Whole(Math.Max(0, low), high));
        return new Expression.Choice(low > high ? [] : ways);
    }

    /// <summary>The numbers between two bounds; null for no bound. The bounds themselves belong to the range unless said otherwise.</summary>
    public static Expression Numbers(decimal? least, bool aboveLeast, decimal? most, bool belowMost)
    {
        List<Expression> ways = [];
        if (most is null or > 0 || (most == 0 && !belowMost))
            ways.Add(least is null or < 0 ? Magnitudes(0, false, most, belowMost) : Magnitudes(least.Value, aboveLeast, most, belowMost));
        if (least is null or < 0)
        {
            decimal from = most is null or >= 0 ? 0 : -most.Value;
            // Minus zero is left out: zero is written without a sign.
            ways.Add(After("-", Magnitudes(from, from == 0 || belowMost, -least, aboveLeast)));
        }
        return new Expression.Choice(ways);
    }

    /// <summary>Numbers of no sign between two bounds.</summary>
    private static Expression Magnitudes(decimal least, bool above, decimal? most, bool below)
    {
        decimal first = decimal.Floor(least);
        string fromDigits = FractionDigits(least - first);
        if (most is null)
            return new Expression.Choice([After(Text(first), FractionFrom(fromDigits, above)), Join(Whole(first + 1, Math.Max(999_999_999_999_999m, first + 999)), AnyFraction())]);
        decimal last = decimal.Floor(most.Value);
        string toDigits = FractionDigits(most.Value - last);
        if (first > last)
            return new Expression.Choice([]);
        if (first == last)
        {
            CharacterAutomaton both = CharacterAutomaton.From(FractionFrom(fromDigits, above)).Intersect(CharacterAutomaton.From(FractionTo(toDigits, below)));
            return After(Text(first), new Expression.Automaton(both, Quoted: false));
        }
        List<Expression> ways = [After(Text(first), FractionFrom(fromDigits, above)), After(Text(last), FractionTo(toDigits, below))];
        if (last - first > 1)
            ways.Add(Join(Whole(first + 1, last - 1), AnyFraction()));
        return new Expression.Choice(ways);
    }

    /// <summary>Integers of no sign between two bounds, without leading zeros.</summary>
    private static Expression.Choice Whole(decimal least, decimal most)
    {
        List<Expression> ways = [];
        string low = Text(least);
        string high = Text(most);
        for (int length = low.Length; length <= high.Length && least <= most; length++)
        {
            string from = length == low.Length ? low : "1" + new string('0', length - 1);
            string to = length == high.Length ? high : new string('9', length);
            ways.Add(SameLength(from, to));
        }
        return new Expression.Choice(ways);
    }

    private static Expression SameLength(string from, string to)
    {
        int length = from.Length;
        if (from.All(digit => digit == '0') && to.All(digit => digit == '9'))
            return new Expression.Repeat(AnyDigit, length, length);
        if (from[0] == to[0])
            return Join(Digit(from[0], from[0]), SameLength(from[1..], to[1..]));
        if (length == 1)
            return Digit(from[0], to[0]);
        List<Expression> ways =
        [
            Join(Digit(from[0], from[0]), SameLength(from[1..], new string('9', length - 1))),
            Join(Digit(to[0], to[0]), SameLength(new string('0', length - 1), to[1..])),
        ];
        if (to[0] - from[0] > 1)
            ways.Add(Join(Digit((char)(from[0] + 1), (char)(to[0] - 1)), new Expression.Repeat(AnyDigit, length - 1, length - 1)));
        return new Expression.Choice(ways);
    }

    private static Expression.Repeat AnyFraction() => Optional(After(".", Digits(1)));

    /// <summary>What may follow a whole part so that the fraction is at least 0.<paramref name="digits"/>, or more than it.</summary>
    private static Expression FractionFrom(string digits, bool above)
    {
        if (digits.Length == 0 && !above)
            return AnyFraction();
        return After(".", From(digits));

        Expression From(string rest)
        {
            // Digits that have all been equal: anything is at least them; for more, some digit must not be zero.
            if (rest.Length == 0)
                return above ? Join(new Expression.Repeat(Digit('0', '0'), 0, MostDigits), Join(Digit('1', '9'), Digits(0))) : Digits(0);
            Expression equal = Join(Digit(rest[0], rest[0]), From(rest[1..]));
            return rest[0] == '9' ? equal : new Expression.Choice([equal, Join(Digit((char)(rest[0] + 1), '9'), Digits(0))]);
        }
    }

    /// <summary>What may follow a whole part so that the fraction is at most 0.<paramref name="digits"/>, or less than it.</summary>
    private static Expression.Choice FractionTo(string digits, bool below)
    {
        List<Expression> ways = [];
        if (digits.Length > 0 || !below)
        {
            ways.Add(Expression.Nothing);
            ways.Add(After(".", To(digits, first: true)));
        }
        return new Expression.Choice(ways);

        Expression To(string rest, bool first)
        {
            if (rest.Length == 0)
                return below ? new Expression.Choice([]) : new Expression.Repeat(Digit('0', '0'), first ? 1 : 0, MostDigits);
            List<Expression> smaller = [Join(Digit(rest[0], rest[0]), To(rest[1..], first: false))];
            if (rest[0] > '0')
                smaller.Add(Join(Digit('0', (char)(rest[0] - 1)), Digits(0)));
            // To stop while digits of the bound are left is to be below it.
            if (!first)
                smaller.Add(Expression.Nothing);
            return new Expression.Choice(smaller);
        }
    }

    private static string FractionDigits(decimal fraction) => fraction == 0 ? "" : fraction.ToString("0.############################", CultureInfo.InvariantCulture)[2..];

    private static string Text(decimal whole) => whole.ToString("0", CultureInfo.InvariantCulture);

    private static Expression.Character Digit(char first, char last) => new Expression.Character(CharacterSet.Of((first, last)));

    private static Expression.Repeat Digits(int least) => new Expression.Repeat(AnyDigit, least, MostDigits);

    private static Expression.Repeat Optional(Expression item) => new Expression.Repeat(item, 0, 1);

    private static Expression.Sequence Join(Expression left, Expression right) => new Expression.Sequence([left, right]);

    /// <summary>ASCII characters and what follows them, as characters, so that it can become an automaton.</summary>
    private static Expression.Sequence After(string text, Expression rest) => new Expression.Sequence([.. text.Select(sign => Digit(sign, sign)), rest]);
}
