using System.Text;

namespace Cria.Generation.Grammar;

/// <summary>JSON's own rules. White space is allowed where people put it, but bounded, so that a model cannot go on with it forever.</summary>
internal sealed class JsonGrammar
{
    private const int MostDigits = 15;
    private const int DeepestIndent = 24;

    private static readonly CharacterSet Hex = CharacterSet.Of(('0', '9'), ('A', 'F'), ('a', 'f'));
    private static readonly CharacterSet Digits = CharacterSet.Of(('0', '9'));

    /// <summary>Makes the rules.</summary>
    public JsonGrammar()
    {
        Space = new Expression.Rule("space")
        {
            Body = new Expression.Choice(
            [
                Expression.Nothing,
                Bytes(" "),
                new Expression.Sequence([Bytes("\n"), new Expression.Repeat(new Expression.Character(CharacterSet.Of((' ', ' '), ('\t', '\t'))), 0, DeepestIndent)]),
            ]),
        };
        Character = new Expression.Rule("character") { Body = CharacterBody() };
        String = new Expression.Rule("string") { Body = new Expression.Sequence([Bytes("\""), new Expression.Repeat(Character, 0, null), Bytes("\"")]) };
        Expression wholeNumber = new Expression.Choice([Bytes("0"), new Expression.Sequence([One(('1', '9')), Digit(0, MostDigits - 1)])]);
        Integer = new Expression.Rule("integer") { Body = new Expression.Sequence([Optional(Bytes("-")), wholeNumber]) };
        Number = new Expression.Rule("number")
        {
            Body = new Expression.Sequence(
            [
                Integer,
                Optional(new Expression.Sequence([Bytes("."), Digit(1, MostDigits)])),
                Optional(new Expression.Sequence([One(('E', 'E'), ('e', 'e')), Optional(One(('+', '+'), ('-', '-'))), Digit(1, 2)])),
            ]),
        };
        Boolean = new Expression.Choice([Bytes("true"), Bytes("false")]);
        Null = Bytes("null");
        Value = new Expression.Rule("value");
        Object = new Expression.Rule("object") { Body = List("{", Pair(String, Value), "}") };
        Array = new Expression.Rule("array") { Body = List("[", Value, "]") };
        Value.Body = new Expression.Choice([String, Number, Object, Array, Boolean, Null]);
    }

    /// <summary>Nothing, one space, or a line end with an indent.</summary>
    public Expression.Rule Space { get; }

    /// <summary>One character inside a string, escaped or not.</summary>
    public Expression.Rule Character { get; }

    /// <summary>Any string.</summary>
    public Expression.Rule String { get; }

    /// <summary>Any integer of up to 15 digits.</summary>
    public Expression.Rule Integer { get; }

    /// <summary>Any number that a double can hold.</summary>
    public Expression.Rule Number { get; }

    /// <summary>True or false.</summary>
    public Expression Boolean { get; }

    /// <summary>Null.</summary>
    public Expression Null { get; }

    /// <summary>Any value.</summary>
    public Expression.Rule Value { get; }

    /// <summary>Any object.</summary>
    public Expression.Rule Object { get; }

    /// <summary>Any array.</summary>
    public Expression.Rule Array { get; }

    /// <summary>The given text.</summary>
    public static Expression Bytes(string text) => new Expression.Literal(Encoding.UTF8.GetBytes(text));

    /// <summary>The expression or nothing.</summary>
    public static Expression Optional(Expression item) => new Expression.Repeat(item, 0, 1);

    /// <summary>A key, a colon and a value.</summary>
    public Expression Pair(Expression key, Expression value) => new Expression.Sequence([key, Bytes(":"), Space, value]);

    /// <summary>A comma with the space behind it.</summary>
    public Expression Comma() => new Expression.Sequence([Bytes(","), Space]);

    /// <summary>Members between brackets, with space inside; <paramref name="members"/> null for none.</summary>
    public Expression Enclosed(string open, Expression? members, string close) => members is null
        ? new Expression.Sequence([Bytes(open), Space, Bytes(close)])
        : new Expression.Sequence([Bytes(open), Space, members, Space, Bytes(close)]);

    private Expression.Choice List(string open, Expression member, string close) => new Expression.Choice(
    [
        Enclosed(open, null, close),
        Enclosed(open, new Expression.Sequence([member, new Expression.Repeat(new Expression.Sequence([Comma(), member]), 0, null)]), close),
    ]);

    private static Expression.Choice CharacterBody()
    {
        Expression hex = new Expression.Character(Hex);
        Expression low = new Expression.Sequence([Bytes("\\u"), One(('D', 'D'), ('d', 'd')), One(('C', 'F'), ('c', 'f')), hex, hex]);
        return new Expression.Choice(
        [
            new Expression.Character(JsonText.Plain),
            new Expression.Sequence([Bytes("\\"), new Expression.Character(CharacterSet.Of([.. "\"\\/bfnrt".Select(sign => ((int)sign, (int)sign))]))]),
            new Expression.Sequence([Bytes("\\u"), One(('0', '9'), ('A', 'C'), ('a', 'c'), ('E', 'F'), ('e', 'f')), hex, hex, hex]),
            new Expression.Sequence([Bytes("\\u"), One(('D', 'D'), ('d', 'd')), One(('0', '7')), hex, hex]),
            // Half a surrogate pair is no character, so a first half brings its second.
            new Expression.Sequence([Bytes("\\u"), One(('D', 'D'), ('d', 'd')), One(('8', '9'), ('A', 'B'), ('a', 'b')), hex, hex, low]),
        ]);
    }

    private static Expression.Character One(params (int, int)[] ranges) => new Expression.Character(CharacterSet.Of(ranges));

    private static Expression.Repeat Digit(int least, int most) => new Expression.Repeat(new Expression.Character(Digits), least, most);
}
