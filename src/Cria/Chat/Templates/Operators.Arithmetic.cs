namespace Cria.Chat.Templates;

internal static partial class Operators
{
    private const string TooLarge = "a number is larger than 64 bits hold; use another template";

    /// <summary>left op right for + - * / // % **: numbers, and + and * on texts and lists, and % as formatting.</summary>
    public static object? Arithmetic(RenderContext context, string symbol, object? left, object? right)
    {
        if (left is Undefined missing || (missing = (right as Undefined)!) is not null) throw context.Fail(missing.Message);
        if (TryNumber(left, out double leftNumber) && TryNumber(right, out double rightNumber))
        {
            return left is double || right is double
                ? RealArithmetic(context, symbol, leftNumber, rightNumber)
                : IntegerArithmetic(context, symbol, ToInteger(left), ToInteger(right));
        }

        switch (symbol, left, right)
        {
            case ("+", TracedText first, TracedText second):
                return context.NewText().Append(first).Append(second).ToText();
            case ("+", TemplateList first, TemplateList second) when first.IsTuple == second.IsTuple:
                context.Budget.SpendElements(first.Count + (long)second.Count);
                return new TemplateList([.. first.Items, .. second.Items], first.IsTuple);
            case ("*", TracedText text, long or bool):
                return Repeat(context, text, ToInteger(right));
            case ("*", long or bool, TracedText text):
                return Repeat(context, text, ToInteger(left));
            case ("*", TemplateList list, long or bool):
                return Repeat(context, list, ToInteger(right));
            case ("*", long or bool, TemplateList list):
                return Repeat(context, list, ToInteger(left));
            case ("%", TracedText format, _):
                return PercentFormat.Apply(context, format, right is TemplateList { IsTuple: true } tuple ? tuple.Items : [right], right as TemplateMap,
                    allowsUnused: right is TemplateList { IsTuple: false });
            case ("+", TracedText, _):
                throw context.Fail($"can only concatenate str (not \"{ValueText.TypeName(right)}\") to str");
            default:
                throw context.Fail($"unsupported operand type(s) for {symbol}: '{ValueText.TypeName(left)}' and '{ValueText.TypeName(right)}'");
        }
    }

    private static TracedText Repeat(RenderContext context, TracedText text, long count) => context.NewText().Repeat(text, count).ToText();

    private static TemplateList Repeat(RenderContext context, TemplateList list, long count)
    {
        count = list.Count == 0 ? 0 : Math.Clamp(count, 0, int.MaxValue);
        context.Budget.SpendElements(list.Count * count);
        object?[] items = new object?[list.Count * count];
        for (int i = 0; i < items.Length; i++) items[i] = list.Items[i % list.Count];
        return new(items, list.IsTuple);
    }

    private static object IntegerArithmetic(RenderContext context, string symbol, long left, long right)
    {
        try
        {
            switch (symbol)
            {
                case "+": return checked(left + right);
                case "-": return checked(left - right);
                case "*": return checked(left * right);
                case "**": return right < 0 ? RealArithmetic(context, symbol, left, right) : (object)Power(left, right);
            }

            if (right == 0) throw context.Fail("division by zero");
            if (symbol == "/") return (double)left / right;
            if (right == -1) return symbol == "%" ? 0L : checked(-left);
            long quotient = left / right, remainder = left % right;
            bool isBelow = remainder != 0 && (remainder < 0) != (right < 0);
            return symbol == "//" ? quotient - (isBelow ? 1 : 0) : remainder + (isBelow ? right : 0);
        }
        catch (OverflowException)
        {
            throw context.Fail(TooLarge);
        }
    }

    private static long Power(long value, long exponent)
    {
        if (value is 0 or 1) return exponent == 0 ? 1 : value;
        if (value == -1) return exponent % 2 == 0 ? 1 : -1;
        long power = 1;
        for (; exponent > 0; exponent--) power = checked(power * value);
        return power;
    }

    private static double RealArithmetic(RenderContext context, string symbol, double left, double right)
    {
        if (right == 0 && (symbol is "/" or "//" or "%")) throw context.Fail("division by zero");
        switch (symbol)
        {
            case "+": return left + right;
            case "-": return left - right;
            case "*": return left * right;
            case "/": return left / right;
            case "**":
                if (left == 0 && right < 0) throw context.Fail("0.0 cannot be raised to a negative power");
                return Math.Pow(left, right);
        }

        double remainder = left % right;
        if (remainder != 0 && (remainder < 0) != (right < 0)) remainder += right;
        return symbol == "%" ? remainder : Math.Floor(Math.Round((left - remainder) / right));
    }
}
