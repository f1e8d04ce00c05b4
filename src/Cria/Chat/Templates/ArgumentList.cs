namespace Cria.Chat.Templates;

/// <summary>The argument expressions of a call, filter or test.</summary>
internal sealed class ArgumentList(Expression[] positional, (string Name, Expression Value)[] named, Expression? spread, Expression? namedSpread)
{
    /// <summary>No arguments.</summary>
    public static readonly ArgumentList Empty = new([], [], null, null);

    /// <summary>Computes the arguments.</summary>
    public Arguments Evaluate(RenderContext context, Scope scope)
    {
        if (positional.Length == 0 && named.Length == 0 && spread is null && namedSpread is null) return Arguments.None;
        var values = new List<object?>(positional.Length);
        foreach (Expression argument in positional) values.Add(argument.Evaluate(context, scope));
        var byName = new List<KeyValuePair<string, object?>>(named.Length);
        foreach ((string name, Expression value) in named) byName.Add(new(name, value.Evaluate(context, scope)));

        if (spread is not null)
        {
            foreach (object? value in Operators.Iterate(context, spread.Evaluate(context, scope)))
            {
                context.Budget.SpendElements(1);
                values.Add(value);
            }
        }

        if (namedSpread is not null)
        {
            if (namedSpread.Evaluate(context, scope) is not TemplateMap map) throw context.Fail("'**' needs a mapping");
            foreach ((object? key, object? value) in map.Entries)
            {
                context.Budget.SpendElements(1);
                byName.Add(new(key is TracedText text ? text.Value : throw context.Fail("'**' needs a mapping with string keys"), value));
            }
        }

        return new([.. values], [.. byName]);
    }
}
