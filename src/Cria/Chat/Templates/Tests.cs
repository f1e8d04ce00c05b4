namespace Cria.Chat.Templates;

/// <summary>The tests of chat templates (<c>value is name</c>), by name.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Func<RenderContext, object?, Arguments, bool>> All = new(StringComparer.Ordinal)
    {
        ["boolean"] = Simple((_, value) => value is bool),
        ["callable"] = Simple((_, value) => value is Callable),
        ["defined"] = Simple((_, value) => value is not Undefined),
        ["divisibleby"] = WithOther("divisibleby", (context, value, other) => HasRemainder(context, value, other, 0)),
        ["escaped"] = Simple((_, _) => false),
        ["even"] = Simple((context, value) => HasRemainder(context, value, 2L, 0)),
        ["false"] = Simple((_, value) => value is false),
        ["filter"] = Simple((_, value) => value is TracedText name && Filters.Find(name.Value) is not null),
        ["float"] = Simple((_, value) => value is double),
        ["in"] = WithOther("in", (context, value, other) => Operators.Contains(context, other, value)),
        ["integer"] = Simple((_, value) => value is long),
        ["iterable"] = Simple((_, value) => value is TracedText or TemplateList or TemplateMap or Undefined or LoopState),
        ["lower"] = Simple((context, value) => ValueText.Of(context, value).Value is var text && text.Any(char.IsLower) && !text.Any(char.IsUpper)),
        ["mapping"] = Simple((_, value) => value is TemplateMap),
        ["none"] = Simple((_, value) => value is null),
        ["number"] = Simple((_, value) => value is long or double or bool),
        ["odd"] = Simple((context, value) => HasRemainder(context, value, 2L, 1)),
        ["sameas"] = WithOther("sameas", (context, value, other) => ReferenceEquals(value, other) || (value is bool or long && value.Equals(other))),
        ["sequence"] = Simple((_, value) => value is TracedText or TemplateList or TemplateMap or Undefined),
        ["string"] = Simple((_, value) => value is TracedText),
        ["test"] = Simple((_, value) => value is TracedText name && Find(name.Value) is not null),
        ["true"] = Simple((_, value) => value is true),
        ["undefined"] = Simple((_, value) => value is Undefined),
        ["upper"] = Simple((context, value) => ValueText.Of(context, value).Value is var text && text.Any(char.IsUpper) && !text.Any(char.IsLower)),
        ["=="] = Comparison("=="),
        ["eq"] = Comparison("=="),
        ["equalto"] = Comparison("=="),
        ["!="] = Comparison("!="),
        ["ne"] = Comparison("!="),
        [">"] = Comparison(">"),
        ["gt"] = Comparison(">"),
        ["greaterthan"] = Comparison(">"),
        [">="] = Comparison(">="),
        ["ge"] = Comparison(">="),
        ["<"] = Comparison("<"),
        ["lt"] = Comparison("<"),
        ["lessthan"] = Comparison("<"),
        ["<="] = Comparison("<="),
        ["le"] = Comparison("<="),
    };

    /// <summary>The test of a name, or null.</summary>
    public static Func<RenderContext, object?, Arguments, bool>? Find(string name) => All.GetValueOrDefault(name);

    private static Func<RenderContext, object?, Arguments, bool> Simple(Func<RenderContext, object?, bool> test) => (context, value, arguments) =>
    {
        arguments.Bind(context, "the test", []);
        return test(context, value);
    };

    private static Func<RenderContext, object?, Arguments, bool> WithOther(string name, Func<RenderContext, object?, object?, bool> test) => (context, value, arguments) =>
        test(context, value, arguments.Bind(context, name, ["other"]).Required(context, 0, "other"));

    private static Func<RenderContext, object?, Arguments, bool> Comparison(string symbol) =>
        WithOther(symbol, (context, value, other) => Operators.Compare(context, symbol, value, other));

    private static bool HasRemainder(RenderContext context, object? value, object? divisor, long remainder) =>
        Operators.AreEqual(context, Operators.Arithmetic(context, "%", value, divisor), remainder);
}
