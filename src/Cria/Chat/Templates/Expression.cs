namespace Cria.Chat.Templates;

/// <summary>Something a template computes.</summary>
internal abstract partial class Expression(int line)
{
    /// <summary>Computes the value; the result is null (none), <see cref="Undefined"/>, <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>,
    /// <see cref="TracedText"/>, <see cref="TemplateList"/>, <see cref="TemplateMap"/>, <see cref="TemplateNamespace"/>, <see cref="LoopState"/> or <see cref="Callable"/>.</summary>
    public object? Evaluate(RenderContext context, Scope scope)
    {
        context.Budget.Line = line;
        context.Budget.Spend(1);
        context.Budget.CheckStack();
        return Compute(context, scope);
    }

    /// <summary>What the expression computes.</summary>
    protected abstract object? Compute(RenderContext context, Scope scope);

    /// <summary>A literal.</summary>
    public sealed class Constant(int line, object? value) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope) => value;
    }

    /// <summary>A variable or global function.</summary>
    public sealed class Variable(int line, string name) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope) =>
            scope.TryGet(name, out object? value) ? value : Globals.Find(name) ?? (object)new Undefined($"'{name}' is undefined");
    }

    /// <summary>Stands for the text of a block that filters are applied to.</summary>
    public sealed class Placeholder(int line) : Expression(line)
    {
        // No name can contain a space, so no variable of a template can collide.
        private const string Name = "block text";

        /// <summary>Computes an expression with the text in this place.</summary>
        public static object? Fill(RenderContext context, Scope scope, TracedText text, Expression around)
        {
            var inner = new Scope(scope);
            inner.Set(Name, text);
            return around.Evaluate(context, inner);
        }

        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope) => scope.TryGet(Name, out object? value) ? value : null;
    }

    /// <summary>A list, or a tuple.</summary>
    public sealed class ListLiteral(int line, Expression[] items, bool isTuple) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            context.Budget.SpendElements(items.Length);
            object?[] values = new object?[items.Length];
            for (int i = 0; i < values.Length; i++) values[i] = items[i].Evaluate(context, scope);
            return new TemplateList(values, isTuple);
        }
    }

    /// <summary>A mapping.</summary>
    public sealed class MapLiteral(int line, List<(Expression Key, Expression Value)> entries) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            var map = new TemplateMap();
            foreach ((Expression key, Expression value) in entries)
            {
                context.Budget.SpendElements(2);
                object? name = key.Evaluate(context, scope);
                if (!map.TrySet(name, value.Evaluate(context, scope))) throw context.Fail($"a {ValueText.TypeName(name)} cannot be a mapping's key");
            }

            return map;
        }
    }

    /// <summary><c>then if condition else otherwise</c></summary>
    public sealed class Conditional(int line, Expression condition, Expression then, Expression? otherwise) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope) =>
            Operators.IsTrue(condition.Evaluate(context, scope)) ? then.Evaluate(context, scope)
            : otherwise is not null ? otherwise.Evaluate(context, scope)
            : new Undefined("the inline if-expression evaluated to false and no else section was defined");
    }
}
