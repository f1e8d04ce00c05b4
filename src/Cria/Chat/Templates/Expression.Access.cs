namespace Cria.Chat.Templates;

internal abstract partial class Expression
{
    /// <summary><c>owner.name</c>: a method or attribute first, an element second.</summary>
    public sealed class Attribute(int line, Expression owner, string name) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope) => Members.GetAttribute(context, owner.Evaluate(context, scope), name);
    }

    /// <summary><c>owner[key]</c>: an element first, an attribute second.</summary>
    public sealed class Element(int line, Expression owner, Expression key) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            object? value = owner.Evaluate(context, scope);
            return Members.GetElement(context, value, key.Evaluate(context, scope));
        }
    }

    /// <summary><c>owner[start:stop:step]</c></summary>
    public sealed class Slice(int line, Expression owner, Expression? start, Expression? stop, Expression? step) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            object? value = owner.Evaluate(context, scope);
            return Members.Slice(context, value, Index(start), Index(stop), Index(step));

            long? Index(Expression? bound) => bound?.Evaluate(context, scope) switch
            {
                null => null,
                long number => number,
                bool flag => flag ? 1 : 0,
                Undefined missing => throw context.Fail(missing.Message),
                object other => throw context.Fail($"a slice needs integers, not a {ValueText.TypeName(other)}"),
            };
        }
    }

    /// <summary><c>callee(arguments)</c></summary>
    public sealed class Call(int line, Expression callee, ArgumentList arguments) : Expression(line)
    {
        /// <summary>Calls with one more named argument.</summary>
        public object? InvokeWith(RenderContext context, Scope scope, string name, object? value)
        {
            object? target = callee.Evaluate(context, scope);
            Arguments given = arguments.Evaluate(context, scope);
            return Invoke(context, target, new(given.Positional, [.. given.Named, new(name, value)]));
        }

        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            object? target = callee.Evaluate(context, scope);
            return Invoke(context, target, arguments.Evaluate(context, scope));
        }

        private static object? Invoke(RenderContext context, object? target, Arguments arguments)
        {
            switch (target)
            {
                case Callable callable:
                    return callable.Invoke(context, arguments);
                case LoopState { Recurse: { } recurse } when arguments.Positional.Length == 1:
                    context.Budget.Enter();
                    TracedText text = recurse(arguments.Positional[0]);
                    context.Budget.Leave();
                    return text;
                case LoopState:
                    throw context.Fail("the loop must have the 'recursive' marker, and be called with one value");
                case Undefined missing:
                    throw context.Fail(missing.Message);
                default:
                    throw context.Fail($"a {ValueText.TypeName(target)} cannot be called");
            }
        }
    }

    /// <summary><c>value | filter(arguments)</c></summary>
    public sealed class Filter(int line, Func<RenderContext, object?, Arguments, object?> filter, Expression value, ArgumentList arguments) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            object? input = value.Evaluate(context, scope);
            Arguments given = arguments.Evaluate(context, scope);
            context.Budget.Spend(input switch { TracedText text => text.Length >> 4, TemplateList list => list.Count, TemplateMap map => map.Count, _ => 0 });
            object? result = filter(context, input, given);
            if (result is TracedText produced && !ReferenceEquals(produced, input)) context.Budget.SpendCharacters(produced.Length);
            return result;
        }
    }

    /// <summary><c>value is test(arguments)</c></summary>
    public sealed class Test(int line, Func<RenderContext, object?, Arguments, bool> test, Expression value, ArgumentList arguments) : Expression(line)
    {
        /// <inheritdoc/>
        protected override object? Compute(RenderContext context, Scope scope)
        {
            object? input = value.Evaluate(context, scope);
            return test(context, input, arguments.Evaluate(context, scope));
        }
    }
}
